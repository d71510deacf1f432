# ocbulk: `make demo` shows it working, `make check` proves it; `make help` lists the rest.
# Variables: PROFILE=default|tiny, CC, SAN=1 (address and undefined sanitizers), BUILD=folder,
# MBEDTLS=, INIH=, JSMN= (local archives or unpacked trees instead of fetching), V=1.

PROFILE ?= default
BUILD ?= build
DEPS := build/deps
SAN ?=
STATIC ?=
STRIP ?= strip
V ?=
Q := $(if $(V),,@)
VERSION := 0.1.0

WARN := -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wvla -Werror -Wstrict-prototypes \
	-Wmissing-prototypes -Wpointer-arith -Wcast-align -Wundef
SIZE := -Os -ffunction-sections -fdata-sections -fno-asynchronous-unwind-tables -fno-unwind-tables
LDSIZE := -Wl,--gc-sections
ifneq ($(SAN),)
SIZE := -O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=all
LDSIZE := -fsanitize=address,undefined
endif
ifneq ($(STATIC),)
# A static program has one address anyway; fewer segments mean less padding in the file.
CC := musl-gcc
SIZE += -fno-pie
LDSIZE += -static -no-pie -Wl,--build-id=none -Wl,-z,noseparate-code
endif
PROFILE_default := -DOCBULK_PROFILE_DEFAULT=1
PROFILE_tiny := -DOCBULK_PROFILE_TINY=1
DEFS := $(PROFILE_$(PROFILE)) -DOCBULK_VERSION='"$(VERSION)"' -DOCBULK_PROFILE='"$(PROFILE)"'
TLSDEFS := -DMBEDTLS_CONFIG_FILE='"config/mbedtls_config.h"'
INCS := -Ifirmware -iquote . -iquote config -isystem $(DEPS)/jsmn -isystem $(DEPS)/mbedtls/include
DEPFLAGS = -MMD -MP

FW_SRC := $(sort $(wildcard firmware/*/*.c))
PORT_SRC := $(sort $(wildcard port/sockets/*.c port/linux/*.c))
CLOUD_SRC := $(sort $(wildcard tools/bench_cloud/*.c))
TLS_SRC := $(sort $(wildcard $(DEPS)/mbedtls/library/*.c))
FW_OBJ := $(FW_SRC:%.c=$(BUILD)/obj/%.o)
PORT_OBJ := $(PORT_SRC:%.c=$(BUILD)/obj/%.o)
TLS_OBJ := $(TLS_SRC:$(DEPS)/mbedtls/library/%.c=$(BUILD)/obj/mbedtls/%.o)
INI_OBJ := $(BUILD)/obj/inih/ini.o
# What tests may link of the port: all but main.
PORT_LIB_OBJ := $(filter-out $(BUILD)/obj/port/linux/main.o,$(PORT_OBJ)) $(INI_OBJ)
UNIT_SRC := $(sort $(wildcard tests/unit/test_*.c tests/differential/test_*.c tests/chain/test_*.c \
	tests/golden/test_*.c tests/tls/test_*.c tests/power/test_*.c))
UNIT_BIN := $(UNIT_SRC:%.c=$(BUILD)/%)
HELPER_SRC := $(sort $(wildcard tests/interop/*.c tests/tls/tool_*.c tests/e2e/tool_*.c tests/differential/tool_*.c))
HELPER_BIN := $(HELPER_SRC:%.c=$(BUILD)/%)
PRELOAD_SO := $(patsubst %.c,$(BUILD)/%.so,$(sort $(wildcard tests/e2e/preload_*.c)))
TEST_SUPPORT := $(sort $(wildcard tests/support/*.c))

.PHONY: all bench_cloud tests deps
all: deps ## build ocbulk, libocbulk.a and libport.a into build/
	$(Q)$(MAKE) --no-print-directory $(BUILD)/ocbulk $(BUILD)/libocbulk.a $(BUILD)/libport.a

deps:
	$(Q)tools/deps lib

bench_cloud: ## build the stand-in service build/bench_cloud
	$(Q)tools/deps build
	$(Q)$(MAKE) --no-print-directory $(BUILD)/bench_cloud

$(BUILD)/ocbulk: $(PORT_OBJ) $(BUILD)/libocbulk.a $(BUILD)/libmbedtls.a $(INI_OBJ)
	@echo "  LD   $@"
	$(Q)$(CC) $(LDSIZE) -Wl,-Map=$@.map $(LDFLAGS) -o $@ $(PORT_OBJ) $(INI_OBJ) $(BUILD)/libocbulk.a $(BUILD)/libmbedtls.a $(LDLIBS)
	$(if $(STATIC),$(Q)mv $@ $@.full && $(STRIP) -R .comment -o $@ $@.full)

$(BUILD)/libocbulk.a: $(FW_OBJ)
	@echo "  AR   $@"
	$(Q)rm -f $@ && $(AR) rcs $@ $^

$(BUILD)/libport.a: $(PORT_LIB_OBJ)
	@echo "  AR   $@"
	$(Q)rm -f $@ && $(AR) rcs $@ $^

$(BUILD)/libmbedtls.a: $(TLS_OBJ)
	@echo "  AR   $@"
	$(Q)rm -f $@ && $(AR) rcs $@ $^

$(BUILD)/obj/firmware/%.o: firmware/%.c Makefile
	@mkdir -p $(@D) && echo "  CC   $<"
	$(Q)$(CC) -std=c99 $(WARN) $(SIZE) -fstack-usage $(DEFS) $(TLSDEFS) $(INCS) $(CFLAGS) $(DEPFLAGS) -c -o $@ $<

$(BUILD)/obj/port/%.o: port/%.c Makefile
	@mkdir -p $(@D) && echo "  CC   $<"
	$(Q)$(CC) -std=c99 -D_GNU_SOURCE -D_FILE_OFFSET_BITS=64 $(WARN) $(SIZE) -fstack-usage $(DEFS) $(TLSDEFS) -Iport $(INCS) -isystem $(DEPS)/inih $(CFLAGS) $(DEPFLAGS) -c -o $@ $<

# ChaCha20 and Poly1305 are worth their bytes at -O2: it halves what each byte costs.
FAST_TLS := chacha20 poly1305 chachapoly gcm aes aesni aesce sha256 bignum_core ecp_curves
$(FAST_TLS:%=$(BUILD)/obj/mbedtls/%.o): TLS_OPT := $(if $(SAN),,-O2)
# What stands in aesni.c is only run on a CPU that has these instructions: a third less per byte.
# All three files must see the same flags: they choose how a round key is aligned.
ifneq ($(findstring x86_64,$(shell $(CC) -dumpmachine 2>/dev/null)),)
$(BUILD)/obj/mbedtls/aes.o $(BUILD)/obj/mbedtls/gcm.o $(BUILD)/obj/mbedtls/aesni.o: \
	TLS_OPT := $(if $(SAN),,-O2) -maes -mpclmul
$(BUILD)/obj/mbedtls/aesni.o: TLS_OPT += -mssse3
endif
$(BUILD)/obj/mbedtls/%.o: $(DEPS)/mbedtls/library/%.c config/mbedtls_config.h config/limits.h Makefile
	@mkdir -p $(@D) && echo "  CC   mbedtls/$*.c"
	$(Q)$(CC) -std=c99 $(SIZE) $(TLS_OPT) -fstack-usage $(PROFILE_$(PROFILE)) $(TLSDEFS) -iquote . -iquote config -I$(DEPS)/mbedtls/include -I$(DEPS)/mbedtls/library $(CFLAGS) $(DEPFLAGS) -c -o $@ $<

# inih as the configuration needs it: long lines are an error, no inline comments, no continuation.
$(INI_OBJ): $(DEPS)/inih/ini.c
	@mkdir -p $(@D) && echo "  CC   inih/ini.c"
	$(Q)$(CC) -std=c99 $(SIZE) -DINI_MAX_LINE=4096 -DINI_ALLOW_MULTILINE=0 -DINI_ALLOW_INLINE_COMMENTS=0 -DINI_ALLOW_NO_VALUE=0 -DINI_STOP_ON_FIRST_ERROR=1 -DINI_HANDLER_LINENO=1 -DINI_USE_STACK=1 -DINI_CALL_HANDLER_ON_NEW_SECTION=1 $(CFLAGS) -c -o $@ $<

$(BUILD)/bench_cloud: $(CLOUD_SRC) $(wildcard tools/bench_cloud/*.h) Makefile
	@mkdir -p $(@D) && echo "  LD   $@"
	$(Q)$(CC) -std=gnu11 -O2 -g $(WARN) $(if $(SAN),-fsanitize=address$(comma)undefined) $(CFLAGS) -o $@ $(CLOUD_SRC) -lmicrohttpd -lgnutls -lsqlite3 -lcsv -ljansson -lpthread
comma := ,

# A test names further libraries and sources in a line `/* LIBS: ... */`.
$(UNIT_BIN) $(HELPER_BIN): $(BUILD)/%: %.c $(TEST_SUPPORT) $(wildcard tests/support/*.h) $(BUILD)/libport.a $(BUILD)/libocbulk.a $(BUILD)/libmbedtls.a Makefile
	@mkdir -p $(@D) && echo "  LD   $@"
	$(Q)$(CC) -std=c99 -D_GNU_SOURCE -g $(WARN) $(filter-out -Os,$(SIZE)) $(DEFS) $(TLSDEFS) $(INCS) -Itests/support -Iport $(CFLAGS) -o $@ $< $$(sed -n 's/^\/\* LIBS: \(.*\) \*\/$$/\1/p' $<) $(TEST_SUPPORT) $(BUILD)/libport.a $(BUILD)/libocbulk.a $(BUILD)/libmbedtls.a $(BUILD)/libport.a -lcmocka

$(BUILD)/tests/perf/%: tests/perf/%.c
	@mkdir -p $(@D) && echo "  LD   $@"
	$(Q)$(CC) -std=gnu11 -O1 -g $(WARN) $(CFLAGS) -o $@ $<

$(filter $(BUILD)/tests/power/%,$(UNIT_BIN)): $(wildcard tests/power/*.[ch])

# What is put between a program and its C library.
$(PRELOAD_SO): $(BUILD)/%.so: %.c Makefile
	@mkdir -p $(@D) && echo "  LD   $@"
	$(Q)$(CC) -std=gnu11 -O1 $(WARN) -shared -fPIC $(CFLAGS) -o $@ $<

tests: $(UNIT_BIN) $(HELPER_BIN) $(PRELOAD_SO)

-include $(FW_OBJ:.o=.d) $(PORT_OBJ:.o=.d) $(TLS_OBJ:.o=.d)

.PHONY: check lint power static footprint demo bench fleet soak clean help
check: ## run every test (short forms); ends with one line `N passed, N failed`
	$(Q)tools/deps test
	$(Q)tools/check

lint: ## the design's rules, clang-tidy, cppcheck, formatting
	$(Q)tools/deps lint
	$(Q)tools/lint

demo: ## start the stand-in service and walk through it with the sample
	$(Q)tools/deps build
	$(Q)$(MAKE) --no-print-directory $(BUILD)/ocbulk $(BUILD)/bench_cloud
	$(Q)tools/demo

power: ## cut the life of batches at every operation, then at pairs of them; fail every call (20 min)
	$(Q)tools/deps test
	$(Q)$(MAKE) --no-print-directory $(BUILD)/tests/power/test_power $(BUILD)/tests/power/test_fault
	$(Q)OCB_POWER=full $(BUILD)/tests/power/test_power
	$(Q)OCB_FAULT_STRIDE=1 $(BUILD)/tests/power/test_fault

static: deps ## static musl programs, stripped: build/static/ocbulk, build/static-tiny/ocbulk
	$(Q)tools/deps static
	$(Q)$(MAKE) --no-print-directory STATIC=1 BUILD=build/static build/static/ocbulk
	$(Q)$(MAKE) --no-print-directory STATIC=1 BUILD=build/static-tiny PROFILE=tiny build/static-tiny/ocbulk

footprint: static bench_cloud build/tests/perf/stack ## sizes by module, structs, TLS arena, worst stack
	$(Q)tools/footprint

bench: static bench_cloud ## compare with curl: instructions, calls, memory, wall; the budget table
	$(Q)tools/deps bench
	$(Q)tools/bench

fleet: static bench_cloud ## 1,000 daemons that share an account, an outage, lost answers: arrivals, memory
	$(Q)tools/fleet

soak: deps bench_cloud ## two hours (SECONDS=) of random faults, kills and producers (SEED=); then all is accounted for
	$(Q)$(MAKE) --no-print-directory $(BUILD)/ocbulk $(BUILD)/tests/e2e/preload_kill.so
	$(Q)OCB_BUILD=$(BUILD) tools/soak $(SECONDS)

clean: ## remove what was built (fetched sources stay)
	$(Q)find build -mindepth 1 -maxdepth 1 ! -name deps -exec rm -rf {} +

help: ## list the targets
	@sed -n 's/^\([a-z_-]*\):.*## \(.*\)/  make \1|\2/p' Makefile | column -t -s '|'
