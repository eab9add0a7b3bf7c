/* SPDX-License-Identifier: MIT */
/*
 * vocl - the command for people. It only starts and stops other processes:
 *
 *   vocl run ─┬─ vocl-helper --listen SOCKET      vocl vm ─┬─ vocl-helper --vhost-user SOCKET
 *             └─ PROGRAM                                   └─ QEMU or linux.uml
 *                                                               └─ guest agent ─ PROGRAM
 */
#include <argp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "message.h"
#include "vocl.h"

const char *argp_program_version = "vocl (virtio-ocl) " VOCL_VERSION;

static const struct command {
    const char *name;
    int (*main)(int argc, char **argv);
} commands[] = {
    {"bench", vocl_bench_main},
    {"run", vocl_run_main},
    {"vm", vocl_vm_main},
    {"top", vocl_top_main},
};

static const char doc[] = "OpenCL for virtual machines and containers, computed on the host."
                          "\vCommands:\n"
                          "  run   run a program against a private helper on this host, no VM\n"
                          "  vm    run a program in a throw-away virtual machine\n"
                          "  bench measure native and remote side by side\n"
                          "  top   show what the helpers of this host do, client by client\n\n"
                          "`vocl COMMAND --help' tells more about each.";

struct choice {
    const struct command *command;
    int index; /* of the command's name in argv */
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct choice *choice = state->input;

    switch (key) {
    case ARGP_KEY_ARG:
        for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
            if (!strcmp(commands[i].name, arg))
                choice->command = &commands[i];
        }
        if (!choice->command) {
            say("unknown command '%s'; 'vocl --help' lists them", arg);
            exit(VOCL_EXIT_USAGE);
        }
        choice->index = state->next - 1;
        state->next = state->argc;
        return 0;
    case ARGP_KEY_NO_ARGS:
        say("no command; 'vocl --help' lists them");
        exit(VOCL_EXIT_USAGE);
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

int main(int argc, char **argv)
{
    static const struct argp argp = {.parser = parse, .args_doc = "COMMAND ...", .doc = doc};
    struct choice choice = {0};
    char name[32];

    argp_err_exit_status = VOCL_EXIT_USAGE;
    argp_parse(&argp, argc, argv, ARGP_IN_ORDER, NULL, &choice);
    snprintf(name, sizeof(name), "vocl %s", choice.command->name);
    argv[choice.index] = name;
    return choice.command->main(argc - choice.index, argv + choice.index);
}
