#include "fault.h"

static const char HELP[] = "(to be written)\n";

const char *fault_help(void)
{
    return HELP;
}
