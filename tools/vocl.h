/* SPDX-License-Identifier: MIT */
/*
 * vocl.h - the subcommands. Each is a main() of its own in a file of its own;
 * argv[0] is "vocl NAME", and what it returns is the exit status.
 */
#ifndef VOCL_VOCL_H
#define VOCL_VOCL_H

int vocl_bench_main(int argc, char **argv);
int vocl_run_main(int argc, char **argv);
int vocl_vm_main(int argc, char **argv);
int vocl_top_main(int argc, char **argv);

#endif
