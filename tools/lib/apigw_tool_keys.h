
/*
 * Key files as the tools read and change them.
 */


#ifndef _APIGW_TOOL_KEYS_H_INCLUDED_
#define _APIGW_TOOL_KEYS_H_INCLUDED_


#include "apigw_tool.h"

#include "apigw_keyfile.h"

#include <time.h>


#define KEY_FILE_MAX  ((size_t) 1 << 30)


/*
 * Two tools at once must not lose a line: waits for a lock on the directory,
 * as the key file itself is replaced, and holds it until the program ends.
 */
void keys_lock(const char *path);


/* The file's text; one that is not there is empty. */
char *keys_text(const char *path, size_t *len);


/*
 * Reads the whole file, whose text is `text`, and finds the key of that id.
 * Exits if a line has a fault: such a file is not for a tool to change.
 */
bool keys_find(const char *path, apigw_str_t text, const char *id,
    apigw_str_t *line, apigw_key_t *key);


/* Prints the keys as a table, to the first fault. */
void keys_print(const char *path, apigw_str_t text, time_t now);


/* The table's head, and a row of it. */
void keys_head(void);
void keys_row(const apigw_key_t *key, time_t now);


/*
 * Makes a new key.
 * wanted  its id; NULL: a random one
 * id      room for APIGW_KEY_ID_MAX + 1
 * secret  room for APIGW_KEY_TEXT; the caller wipes it
 */
void keys_make(const char *prefix, const char *wanted, char *id,
    char *secret);


/* The digest of a key; of HMAC with the first pepper of a file, if any. */
apigw_key_digest_e keys_digest(const char *pepper, const char *secret,
    uint8_t *digest);


/* Digits of a digest, in memory of their own. */
char *keys_hex(const uint8_t *digest);


/* Exits if an attribute's value is unfit; NULL is fine. */
void keys_check(const char *name, const char *value);


/* Adds name="value" to a line, which is freed; NULL adds nothing. */
char *keys_attribute(char *line, const char *name, const char *value);


/* A date as it is, or "90d" as one so far from now; NULL for NULL. */
char *keys_expiry(const char *date);


/* The line with status=disabled. */
char *keys_disabled(const char *line, size_t len);


#endif /* _APIGW_TOOL_KEYS_H_INCLUDED_ */
