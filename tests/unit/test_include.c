// SPDX-License-Identifier: MIT
/* What a program's sources include: found in the guest, laid out on the host. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "guest-icd/include.h"
#include "host-helper/include.h"

static char folder[] = "/tmp/test-include-XXXXXX";

static void write_text(const char *path, const char *text)
{
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fputs(text, f);
    fclose(f);
}

static int enter_folder(void **state)
{
    (void)state;
    assert_non_null(mkdtemp(folder));
    assert_int_equal(chdir(folder), 0);
    assert_int_equal(mkdir("a", 0700), 0);
    assert_int_equal(mkdir("a/sub", 0700), 0);
    write_text("here.h", "int here;\n");
    write_text("a/one.h", "#include \"sub/two.h\"\n");
    write_text("a/sub/two.h", "# include <../three.h>\n#include \"one.h\"\n");
    write_text("a/three.h", "int three;\n");
    return 0;
}

static int leave_folder(void **state)
{
    (void)state;
    unlink("here.h");
    unlink("a/one.h");
    unlink("a/sub/two.h");
    unlink("a/three.h");
    rmdir("a/sub");
    rmdir("a");
    return chdir("/") || rmdir(folder);
}

static bool has(const struct gcl_includes *inc, const char *name)
{
    for (size_t i = 0; i < inc->count; i++)
        if (!strcmp(inc->names[i].data, name))
            return true;
    return false;
}

static void test_files_are_found_through_folders_and_each_other(void **state)
{
    struct gcl_includes inc;
    (void)state;
    assert_int_equal(gcl_includes_collect(&inc, "#include \"here.h\"\n#include <one.h>\n",
                                          "-DX=1 -I a -w"), 0);
    assert_int_equal(inc.count, 4);
    assert_true(has(&inc, "0/here.h"));
    assert_true(has(&inc, "1/one.h"));
    assert_true(has(&inc, "1/sub/two.h"));
    assert_true(has(&inc, "1/three.h"));
    assert_string_equal(inc.options, "-DX=1 -I\1" "1\1 -w");
    gcl_includes_finish(&inc);
}

static void test_what_is_not_there_is_left_to_the_compiler(void **state)
{
    struct gcl_includes inc;
    (void)state;
    assert_int_equal(gcl_includes_collect(&inc, "#include \"nowhere.h\"\n#include \"unclosed\n"
                                                "#include \"../../etc/passwd\"\n"
                                                "#include \"/etc/passwd\"\n", NULL), 0);
    assert_int_equal(inc.count, 0);
    assert_null(inc.options);
    gcl_includes_finish(&inc);
}

/* Through the wire, as the decoder gets them. */
static int write_names(struct hcl_includes *inc, const char *name, size_t len)
{
    struct vocl_writer w;
    struct vocl_reader r;
    struct vocl_bytes names = {name, len}, files = {"text", 4};
    vocl_writer_init(&w);
    vocl_put_blobs(&w, (struct vocl_blobs){.list = &names, .count = 1});
    vocl_put_blobs(&w, (struct vocl_blobs){.list = &files, .count = 1});
    vocl_reader_init(&r, w.buf, w.len);
    struct vocl_blobs n = vocl_get_blobs(&r), f = vocl_get_blobs(&r);
    int rc = hcl_includes_write(inc, n, f);
    vocl_writer_finish(&w);
    return rc;
}

static void test_files_lie_where_the_options_say(void **state)
{
    struct hcl_includes inc = {0};
    char path[128], want[256];
    (void)state;
    assert_int_equal(write_names(&inc, "1/sub/x.h", sizeof("1/sub/x.h")), 0);
    snprintf(path, sizeof(path), "%s/1/sub/x.h", inc.dir);
    assert_int_equal(access(path, R_OK), 0);
    char *options = hcl_includes_options(&inc, "-w -I\1" "1\1");
    snprintf(want, sizeof(want), "-w -I%s/1 -I%s/0", inc.dir, inc.dir);
    assert_string_equal(options, want);
    free(options);
    snprintf(path, sizeof(path), "%s", inc.dir);
    hcl_includes_finish(&inc);
    assert_int_equal(access(path, F_OK), -1);
}

static void test_names_that_leave_the_folder_are_refused(void **state)
{
    static const char *const bad[] = {"../x", "0/../../x", "/etc/x", "0//x", "x", "0/.", ""};
    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
        struct hcl_includes inc = {0};
        assert_int_equal(write_names(&inc, bad[i], strlen(bad[i]) + 1), -EPROTO);
        hcl_includes_finish(&inc);
    }
    struct hcl_includes inc = {0};
    assert_int_equal(write_names(&inc, "0/x", 3), -EPROTO); /* not terminated */
    hcl_includes_finish(&inc);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_files_are_found_through_folders_and_each_other),
        cmocka_unit_test(test_what_is_not_there_is_left_to_the_compiler),
        cmocka_unit_test(test_files_lie_where_the_options_say),
        cmocka_unit_test(test_names_that_leave_the_folder_are_refused),
    };
    return cmocka_run_group_tests_name("include", tests, enter_folder, leave_folder);
}
