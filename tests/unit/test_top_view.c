// SPDX-License-Identifier: MIT
/*
 * What `vocl top` prints of documents that are as they should be, and of others.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "tools/top_view.h"

/* Single quotes stand for double ones. The caller frees the result. */
static json_t *parse(const char *quoted)
{
    char *text = strdup(quoted);
    for (char *c = text; *c; c++)
        if (*c == '\'')
            *c = '"';
    json_t *doc = json_loads(text, 0, NULL);
    assert_non_null(doc);
    free(text);
    return doc;
}

static char *print(struct top_view v)
{
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);
    top_view_print(&v, out);
    fclose(out);
    json_decref(v.now);
    json_decref(v.before);
    return text;
}

#define CLIENT(seconds, ms, posts, calls, bytes)                                                   \
    "[{'virtio-ocl': 1, 'helper': {'pid': 7, 'uid': 1, 'version': '1', 'seconds': 90.0},"          \
    "  'sockets': [{'path': '/a', 'serves': 'programs', 'ended': 0, 'clients': ["                  \
    "    {'number': 1, 'name': 'prog', 'pid': 42, 'uid': 5, 'worker': 9, 'seconds': " seconds ","  \
    "     'host': {'published_ms': " ms ", 'calls': " calls ", 'posts': " posts "},"               \
    "     'guest': {'staged_write_bytes': " bytes "}, 'calls': {'clFinish': " calls "}}]}]}]"

static void rates_are_differences(void **state)
{
    (void)state;
    char *text = print((struct top_view){
        .now = parse(CLIENT("12.0", "3000", "600", "400", "4194304")),
        .before = parse(CLIENT("10.0", "1000", "100", "300", "0")),
        .seconds = 2,
    });
    /* 600 more calls in 2 s by our clock, 4 MiB in 2 s by the worker's */
    assert_non_null(strstr(text, "  42     5 prog                  300"));
    assert_non_null(strstr(text, "2.00M"));
    free(text);
}

static void the_first_rates_are_averages(void **state)
{
    (void)state;
    char *text = print((struct top_view){.now = parse(CLIENT("10.0", "1", "600", "400", "0"))});
    assert_non_null(strstr(text, "prog                  100"));
    free(text);
}

static void a_client_that_took_anothers_place_has_no_past(void **state)
{
    (void)state;
    char *text = print((struct top_view){
        .now = parse(CLIENT("1.0", "3000", "0", "10", "0")),
        .before = parse(CLIENT("50.0", "1000", "0", "1000000", "0")),
        .seconds = 2,
    });
    assert_non_null(strstr(text, "prog                   10"));
    free(text);
}

static void counters_that_go_backwards_are_no_rate(void **state)
{
    (void)state;
    char *text = print((struct top_view){
        .now = parse(CLIENT("12.0", "500", "0", "5", "5")),
        .before = parse(CLIENT("10.0", "1000", "0", "9223372036854775807", "9")),
        .seconds = 2,
    });
    assert_non_null(strstr(text, "prog                    0"));
    free(text);
}

static void details_name_what_is_not_zero(void **state)
{
    (void)state;
    char *text =
        print((struct top_view){.now = parse(CLIENT("2.0", "1", "6", "4", "4096")), .client = 42});
    assert_non_null(strstr(text, "staged_write_bytes                4096"));
    assert_non_null(strstr(text, "clFinish"));
    assert_null(strstr(text, "mapped_write_bytes"));
    free(text);
}

static void lines_are_cut_at_the_width(void **state)
{
    (void)state;
    char *text =
        print((struct top_view){.now = parse(CLIENT("2.0", "1", "6", "4", "4096")), .width = 20});
    for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n"))
        assert_true(strlen(line) <= 20);
    free(text);
}

/* Nothing of these is ours; none may crash us, or speak to the terminal. */
static const char *const odd[] = {
    "[]",
    "[{}]",
    "[1, null, 'x', []]",
    "[{'helper': 3, 'sockets': 4}]",
    "[{'helper': {'pid': 'x', 'seconds': 'y'}, 'sockets': [{}, 1, {'clients': 7}]}]",
    "[{'helper': {}, 'sockets': [{'serves': 'vm', 'path': '\\u001b[2J', 'ended': 5,"
    "  'past': [], 'clients': [{}, [], {'name': '\\u001b]0;x\\u0007\\u00e9', 'host': 1,"
    "  'guest': {'posts': 'many'}, 'calls': {'\\u001b[31m': 1}}]}]}]",
    "[{'error': '\\u001b[2J', 'control': '\\u001b[2J'}]",
};

static void odd_documents_are_printed_as_plain_text(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(odd) / sizeof(odd[0]); i++) {
        char *text = print((struct top_view){
            .now = parse(odd[i]), .before = parse(odd[i]), .seconds = 1, .details = true});
        for (const char *c = text; *c; c++)
            assert_true(*c == '\n' || (*c >= ' ' && *c <= '~'));
        free(text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rates_are_differences),
        cmocka_unit_test(the_first_rates_are_averages),
        cmocka_unit_test(a_client_that_took_anothers_place_has_no_past),
        cmocka_unit_test(counters_that_go_backwards_are_no_rate),
        cmocka_unit_test(details_name_what_is_not_zero),
        cmocka_unit_test(lines_are_cut_at_the_width),
        cmocka_unit_test(odd_documents_are_printed_as_plain_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
