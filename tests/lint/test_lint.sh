#!/bin/bash
# Plants one violation after the other in a copy of the tree and sees tools/lint refuse each by
# name; what looks like one and is none must pass.
# BUILDS: plain
set -u
cd "$(dirname "$0")/../.."
copy=$(mktemp -d)
trap 'rm -rf "$copy"' EXIT
passed=0 failed=0 tried=" "

tar -cf - --exclude=./build --exclude=./.git --exclude=data . | tar -xf - -C "$copy"
mkdir -p "$copy/build"
ln -s "$PWD/build/deps" "$copy/build/deps"

# lint_with RULE FILE: the rule's verdict on the tree with what stands on stdin added to FILE.
lint_with() {
    local file=$copy/$2 kept=$copy/build/kept
    rm -f "$kept"
    [ -e "$file" ] && cp -p "$file" "$kept"
    mkdir -p "$(dirname "$file")"
    cat >>"$file"
    said=$("$copy/tools/lint" "$1" 2>&1)
    status=$?
    if [ -e "$kept" ]; then mv "$kept" "$file"; else rm -f "$file"; fi
    tried="$tried$1 "
}

# tell GOOD NAME: counts one case.
tell() {
    if "$1"; then
        echo "ok - $2"
        passed=$((passed + 1))
    else
        echo "FAIL - $2 (status $status)"
        printf '%s\n' "$said"
        failed=$((failed + 1))
    fi
}

# refused RULE NAME FILE [NEEDLE]: the rule is broken, and says so of FILE.
refused() {
    lint_with "$1" "$3"
    local needle=${4:-${3%.[ch]}} good=false
    [ "$status" = 1 ] && grep -q "^FAIL $1:" <<<"$said" && grep -qF -- "$needle" <<<"$said" && good=true
    tell $good "$1: $2"
}

# accepted RULE NAME FILE: other files may break the rule, this one does not.
accepted() {
    lint_with "$1" "$3"
    local good=false
    grep -q "^\(ok  \|FAIL\) $1:" <<<"$said" && ! grep -qF -- "${3%.[ch]}" <<<"$said" && good=true
    tell $good "$1: $2"
}

refused top "a stray file" notes.txt <<<"x"
accepted top "a dot file" .plant <<<"x"

refused help "a rule without help" Makefile plant <<<$'.PHONY: plant\nplant:\n\t@true'
refused help "a rule that the README names and make lacks" README.md "make plant" <<<$'\n    make plant\n'

refused layers "base includes record" firmware/base/plant.h <<<'#include "record/csv.h"'
refused layers "record includes request" firmware/record/plant.h <<<'#include "request/multipart.h"'
refused layers "request includes reply" firmware/request/plant.h <<<'#include "reply/json.h"'
refused layers "reply includes request" firmware/reply/plant.h <<<'#include "request/multipart.h"'
refused layers "reply includes spool" firmware/reply/plant.h <<<'#  include "spool/journal.h"'
refused layers "spool includes reply" firmware/spool/plant.h <<<'#include "reply/json.h"'
refused layers "link includes spool" firmware/link/plant.h <<<'#include "spool/journal.h"'
refused layers "link includes bulk" firmware/link/plant.c <<<'#include "bulk/bulk.h"'
refused layers "a way round by .." firmware/base/plant.h <<<'#include "../link/tls.h"'
refused layers "a header without its folder" firmware/base/plant.c <<<'#include "plant.h"'
refused layers "a header of the port" firmware/sync/plant.c <<<'#include "linux/clock.h"'
refused layers "a folder without a rule" firmware/plant/plant.h "firmware/plant" <<<'#include "base/err.h"'
rmdir "$copy/firmware/plant"
accepted layers "sync sees all" firmware/sync/plant.c <<<$'#include "spool/journal.h"\n#include "link/tls.h"'
accepted layers "link sees request and reply" firmware/link/plant.c <<<$'#include "request/multipart.h"\n#include "reply/json.h"'
accepted layers "limits are for all" firmware/base/plant.h <<<$'#include "limits.h"\n#include "config/limits.h"'

refused public "port includes a .c file" port/linux/plant.c <<<'#include "base/num.c"'
refused public "port goes round by the path" port/linux/plant.c <<<'#include "firmware/base/num.h"'
refused public "port includes a private header" port/linux/plant.h <<<'#include "bulk/bulk_parts.h"'
refused public "another folder includes a private header" firmware/sync/plant.c <<<'#include "bulk/bulk_parts.h"'
accepted public "its own folder does" firmware/bulk/plant.c <<<'#include "bulk/bulk_parts.h"'
accepted public "port includes a public header" port/linux/plant.c <<<'#include "base/num.h"'

refused mbedtls "bulk includes mbedtls/" firmware/bulk/plant.c <<<'#include "mbedtls/md.h"'
refused mbedtls "port includes psa/" port/linux/plant.c <<<'#include <psa/crypto.h>'
accepted mbedtls "link may" firmware/link/plant.c <<<'#include "mbedtls/md.h"'
accepted mbedtls "the signature may" firmware/bulk/signature_plant.c <<<'#include "mbedtls/md.h"'

refused jsmn "another file includes jsmn.h" firmware/reply/plant.c <<<'#include "jsmn.h"'
refused jsmn "port includes jsmn.h" port/linux/plant.c <<<'#include <jsmn.h>'

for header in '<stdlib.h>' '<stdio.h>' '<time.h>' '<unistd.h>' '<sys/socket.h>' '<lwip/sockets.h>' \
    '"lwip/sockets.h"' 'PLANT_HEADER'; do
    refused headers "firmware includes $header" firmware/link/plant.c <<<"#include $header"
done
accepted headers "five headers of C and assert" firmware/base/plant.c \
    <<<$'#include <assert.h>\n#include <limits.h>\n#include <stdbool.h>\n#include <stddef.h>\n#include <stdint.h>\n#include <string.h>'
accepted headers "port may" port/linux/plant.c <<<'#include <sys/socket.h>'

refused macros "GNU in firmware" firmware/base/plant.c <<<'#define _GNU_SOURCE'
refused macros "POSIX in firmware" firmware/base/plant.h <<<'#define _POSIX_C_SOURCE 200809L'
accepted macros "GNU in port" port/linux/plant.c <<<'#define _GNU_SOURCE'

refused float "a double" firmware/base/plant.c <<<'double plant;'
refused float "a float behind a comment" firmware/base/plant.h <<<'/* x */ float plant(void);'
accepted float "the words in comments and strings" firmware/base/plant.c \
    <<<$'/* double the quotes,\n * or float */\nconst char *plant = "a \\"double\\" one"; /* double */'

for mark in TO''DO FIX''ME XX''X; do
    refused marks "the mark $mark" firmware/base/plant.c <<<"/* $mark: later */"
    refused marks "the mark $mark in a script" tools/plant <<<"# $mark"
done
accepted marks "a template of mktemp" tools/plant <<<'mktemp /run/plant.XXXXXX'

refused shell "a script that ends too early" tools/plant.sh <<<'if true; then'
refused shell "one without .sh" tests/unit/plant <<<$'#!/bin/sh\necho "x'
accepted shell "another language" tools/plant <<<$'#!/usr/bin/python3\nif (True):\n    pass'

refused format "a header" firmware/base/plant.h <<<'int   plant ( void );'
refused format "a test" tests/unit/plant.c <<<'int plant( void );'
accepted format "one as clang-format has it" firmware/base/plant.h <<<'int plant(void);'

# The other rules compile or read every source: a small tree does.
find "$copy"/firmware/* "$copy"/port -name '*.c' ! -path '*/base/*' ! -name 'json_scan.c' \
    ! -name tls_platform.c -delete 2>/dev/null

for cc in gcc clang; do
    refused $cc "an unused variable" firmware/base/plant.c <<<$'int plant(void);\nint plant(void)\n{\n    int n;\n    return 0;\n}'
    refused $cc "a conversion that loses" port/linux/plant.c <<<$'char plant(int n);\nchar plant(int n)\n{\n    return n;\n}'
    accepted $cc "one without fault" firmware/base/plant.c <<<$'int plant(void);\nint plant(void)\n{\n    return 0;\n}'
done

# A function that calls the one declared in $1 as $2 says.
calling() { printf '#include <stddef.h>\n%s;\nvoid plant(void);\nvoid plant(void)\n{\n    %s;\n}\n' "$1" "$2"; }

refused symbols "malloc" firmware/base/plant.c ": malloc" < <(calling 'void *malloc(size_t n); extern void *plant_p' 'plant_p = malloc(8)')
refused symbols "free" firmware/base/plant.c ": free" < <(calling 'void free(void *p); extern void *plant_p' 'free(plant_p)')
refused symbols "printf" firmware/base/plant.c ": printf" < <(calling 'int printf(const char *f, ...)' 'printf("%d", 1)')
refused symbols "time" firmware/sync/plant.c ": time" < <(calling 'long time(long *t)' 'time(NULL)')
refused symbols "socket" firmware/sync/plant.c ": socket" < <(calling 'int socket(int a, int b, int c)' 'socket(1, 2, 3)')
refused symbols "strcpy" firmware/base/plant.c ": strcpy" < <(calling 'char *strcpy(char *a, const char *b); extern char plant_a[], plant_b[]' 'strcpy(plant_a, plant_b)')
refused symbols "mbedTLS outside link" firmware/bulk/plant.c ": mbedtls_plant" < <(calling 'void mbedtls_plant(void)' 'mbedtls_plant()')
refused symbols "a layer's function declared by hand" firmware/base/plant.c "json_scan_init of reply" < <(calling 'void json_scan_init(void *s)' 'json_scan_init(NULL)')
refused symbols "a source that does not compile" firmware/base/plant.c "plant.o: not built" <<<'int plant(void'
accepted symbols "mbedTLS in link" firmware/link/plant.c < <(calling 'void psa_plant(void)' 'psa_plant()')
accepted symbols "memcpy, the device, what a header declares" firmware/sync/plant.c < <(calling \
    'void *memcpy(void *a, const void *b, size_t n); int device_random(char *a, size_t n); void json_items_init(char *a)' \
    'char a[99]; device_random(a, 9); memcpy(a + 9, a, (unsigned char)a[0]); json_items_init(a)')

refused data "a static variable" firmware/base/plant.c <<<$'int plant(void);\nstatic int n;\nint plant(void)\n{\n    return n++;\n}'
refused data "a static variable in a function" firmware/base/plant.c <<<$'int plant(void);\nint plant(void)\n{\n    static int n = 3;\n    return n++;\n}'
refused data "a global table" firmware/base/plant.c <<<$'extern int plant[];\nint plant[2] = {1, 2};'
accepted data "a constant table of pointers" firmware/base/plant.c <<<$'extern const char *const plant[];\nconst char *const plant[] = {"a", "b"};'
accepted data "the two clocks" firmware/link/tls_platform.c </dev/null

for call in 'malloc(*p & 7)' 'strdup((char *)p)' 'calloc(*p & 7, 8)' 'realloc(p, 8)'; do
    refused memory "${call%%(*} in port" port/linux/plant.c ": ${call%%(*}" \
        <<<$'#include <stdlib.h>\n#include <string.h>\nvoid *plant(unsigned char *p);\nvoid *plant(unsigned char *p)\n{\n    return '"$call"$';\n}'
done
accepted memory "a call that takes none" port/linux/plant.c <<<$'#include <unistd.h>\nint plant(void);\nint plant(void)\n{\n    return getpid();\n}'

refused cppcheck "a null pointer is followed" firmware/base/plant.c <<<$'int plant(int n)\n{\n    int *p = 0;\n    return n + *p;\n}'
refused cppcheck "a shift beyond the width in port" port/linux/plant.c <<<$'int plant(int n)\n{\n    return n << 40;\n}'
accepted cppcheck "one without fault" firmware/base/plant.c <<<$'int plant(int n)\n{\n    return n;\n}'

refused tidy "recursion in firmware" firmware/base/plant.c <<<$'int plant(int n);\nint plant(int n)\n{\n    return n > 0 ? 1 + plant(n / 2) : 0;\n}'
refused tidy "the same in both branches" port/linux/plant.c <<<$'int plant(int n);\nint plant(int n)\n{\n    if (n > 2) {\n        return 1;\n    } else {\n        return 1;\n    }\n}'
accepted tidy "recursion in port" port/linux/plant.c <<<$'int plant(int n);\nint plant(int n)\n{\n    return n > 0 ? 1 + plant(n / 2) : 0;\n}'

for rule in $(sed -n 's/^rule \([a-z]*\) .*/\1/p' tools/lint); do
    case $tried in *" $rule "*) ;; *)
        echo "FAIL - $rule: no violation of it is planted"
        failed=$((failed + 1))
        ;;
    esac
done
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
