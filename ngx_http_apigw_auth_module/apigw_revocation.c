
/* The image of what is revoked: built, then read while it may be changing. */


#include "apigw_revocation.h"


#define APIGW_REVOCATION_MAGIC    0x52575041  /* "APWR" where read as bytes */
#define APIGW_REVOCATION_VERSION  1

/* How many entries one value may have before they are made one. */
#define APIGW_REVOCATION_SAME     8


typedef struct {
    uint32_t          magic;
    uint32_t          version;
    uint64_t          size;
    uint32_t          nslots;
    uint32_t          nentries;
    apigw_siphash_t   seed;
    uint32_t          reserved[6];
} apigw_revocation_header_t;

_Static_assert(sizeof(apigw_revocation_header_t) == 64,
               "the slots begin on a cache line");


/* Times are limits, themselves excluded. */

typedef struct {
    apigw_siphash_t   digest;
    uint64_t          before;        /* 0: the slot is empty */
    uint64_t          until;         /* UINT64_MAX: for good */
} apigw_revocation_entry_t;

_Static_assert(sizeof(apigw_revocation_entry_t) == APIGW_REVOCATION_ENTRY,
               "an entry is 32 bytes");


static apigw_siphash_t apigw_revocation_digest(const apigw_siphash_t *seed,
    const apigw_revocation_t *what);
static uint32_t apigw_revocation_slot(const apigw_siphash_t *digest,
    uint32_t nslots);
static bool apigw_revocation_same(const apigw_revocation_entry_t *entry,
    const apigw_siphash_t *digest);
static bool apigw_revocation_covers(const apigw_revocation_entry_t *a,
    const apigw_revocation_entry_t *b);
static void apigw_revocation_widen(apigw_revocation_entry_t *a,
    const apigw_revocation_entry_t *b);
static bool apigw_revocation_open(apigw_revocation_header_t *header,
    const void *image, size_t size);


/* A digest keyed by another: what is hashed needs no copy in one piece. */

static apigw_siphash_t
apigw_revocation_digest(const apigw_siphash_t *seed,
    const apigw_revocation_t *what)
{
    apigw_siphash_t  key;

    key = apigw_siphash(seed, what->name.data, what->name.len);
    key.word[0] ^= what->kind;

    return apigw_siphash(&key, what->value.data, what->value.len);
}


static uint32_t
apigw_revocation_slot(const apigw_siphash_t *digest, uint32_t nslots)
{
    return (uint32_t) ((digest->word[0] >> 32) * nslots >> 32);
}


static bool
apigw_revocation_same(const apigw_revocation_entry_t *entry,
    const apigw_siphash_t *digest)
{
    return entry->digest.word[0] == digest->word[0]
           && entry->digest.word[1] == digest->word[1];
}


/* So many that the load stays at 0.7 or below. */

size_t
apigw_revocation_bound(size_t entries)
{
    size_t  nslots;

    if (entries > UINT32_MAX / 2) {
        return SIZE_MAX;
    }

    nslots = entries + (entries * 3 + 6) / 7 + 1;

    if (nslots > (SIZE_MAX - sizeof(apigw_revocation_header_t))
                 / APIGW_REVOCATION_ENTRY)
    {
        return SIZE_MAX;
    }

    return sizeof(apigw_revocation_header_t) + nslots * APIGW_REVOCATION_ENTRY;
}


size_t
apigw_revocation_room(size_t size)
{
    size_t  nslots;

    if (size < sizeof(apigw_revocation_header_t) + APIGW_REVOCATION_ENTRY) {
        return 0;
    }

    nslots = (size - sizeof(apigw_revocation_header_t))
             / APIGW_REVOCATION_ENTRY;

    if (nslots > UINT32_MAX / 2) {
        nslots = UINT32_MAX / 2;
    }

    return (nslots - 1) * 7 / 10;
}


apigw_rc_t
apigw_revocation_begin(apigw_revocation_builder_t *builder, void *memory,
    size_t size, size_t entries, const uint8_t *seed, int64_t now)
{
    size_t  need;

    need = apigw_revocation_bound(entries);

    if (need == SIZE_MAX || need > size) {
        return APIGW_ELIMIT;
    }

    builder->image = memory;
    builder->size = need;
    builder->cleared = 0;
    builder->nslots = (uint32_t) ((need - sizeof(apigw_revocation_header_t))
                                  / APIGW_REVOCATION_ENTRY);
    builder->nentries = 0;
    builder->max_entries = (uint32_t) entries;
    builder->now = now;
    builder->seed = apigw_siphash_key(seed);

    return APIGW_OK;
}


bool
apigw_revocation_clear(apigw_revocation_builder_t *builder, size_t bytes)
{
    if (bytes > builder->size - builder->cleared) {
        bytes = builder->size - builder->cleared;
    }

    memset(builder->image + builder->cleared, 0, bytes);
    builder->cleared += bytes;

    return builder->cleared < builder->size;
}


/*
 * One value may be revoked by several lines, of which none covers another: for
 * ever what was issued till last week, until tomorrow whatever it is. Beyond a
 * few the last one takes in the rest, so that equal values cost no time.
 */

apigw_rc_t
apigw_revocation_add(apigw_revocation_builder_t *builder,
    const apigw_revocation_line_t *line)
{
    uint32_t                   i, same;
    apigw_revocation_entry_t   added, *entries, *entry;

    added.digest = apigw_revocation_digest(&builder->seed, &line->what);
    added.before = line->what.kind == APIGW_REVOCATION_SUB ? line->before + 1
                                                           : UINT64_MAX;
    added.until = line->until ? line->until + 1 : UINT64_MAX;

    if (builder->now >= 0 && (uint64_t) builder->now >= added.until) {
        return APIGW_OK;
    }

    entries = (apigw_revocation_entry_t *)
                  (builder->image + sizeof(apigw_revocation_header_t));
    same = 0;

    i = apigw_revocation_slot(&added.digest, builder->nslots);

    for ( ;; ) {
        entry = &entries[i];

        if (entry->before == 0) {
            break;
        }

        if (apigw_revocation_same(entry, &added.digest)) {

            if (apigw_revocation_covers(entry, &added)) {
                return APIGW_OK;
            }

            if (apigw_revocation_covers(&added, entry)
                || ++same == APIGW_REVOCATION_SAME)
            {
                apigw_revocation_widen(entry, &added);
                return APIGW_OK;
            }
        }

        i = i + 1 < builder->nslots ? i + 1 : 0;
    }

    if (builder->nentries == builder->max_entries) {
        return APIGW_ELIMIT;
    }

    builder->nentries++;
    *entry = added;

    return APIGW_OK;
}


static bool
apigw_revocation_covers(const apigw_revocation_entry_t *a,
    const apigw_revocation_entry_t *b)
{
    return a->before >= b->before && a->until >= b->until;
}


static void
apigw_revocation_widen(apigw_revocation_entry_t *a,
    const apigw_revocation_entry_t *b)
{
    if (a->before < b->before) {
        a->before = b->before;
    }

    if (a->until < b->until) {
        a->until = b->until;
    }
}


size_t
apigw_revocation_finish(apigw_revocation_builder_t *builder)
{
    apigw_revocation_header_t  *header;

    header = (apigw_revocation_header_t *) builder->image;

    header->magic = APIGW_REVOCATION_MAGIC;
    header->version = APIGW_REVOCATION_VERSION;
    header->size = sizeof(apigw_revocation_header_t)
                   + (uint64_t) builder->nslots * APIGW_REVOCATION_ENTRY;
    header->nslots = builder->nslots;
    header->nentries = builder->nentries;
    header->seed = builder->seed;

    return (size_t) header->size;
}


size_t
apigw_revocation_lines(apigw_str_t text)
{
    size_t          n;
    const uint8_t  *p, *end;

    n = 0;
    p = text.data;
    end = p + text.len;

    while (p < end && (p = memchr(p, '\n', end - p)) != NULL) {
        n++;
        p++;
    }

    return n;
}


apigw_rc_t
apigw_revocation_build(void *memory, size_t *size, apigw_str_t text,
    const uint8_t *seed, int64_t now, size_t *line, apigw_error_t *err)
{
    size_t                       lines;
    apigw_rc_t                   rc;
    apigw_str_t                  s;
    const uint8_t               *p, *end, *nl;
    apigw_revocation_line_t      read;
    apigw_revocation_builder_t   builder;

    *line = 0;
    lines = apigw_revocation_lines(text);

    rc = apigw_revocation_begin(&builder, memory, *size, lines, seed, now);

    if (rc != APIGW_OK) {
        err->word = "revocation list too large";
        err->offset = 0;
        *size = apigw_revocation_bound(lines);
        return rc;
    }

    (void) apigw_revocation_clear(&builder, SIZE_MAX);

    p = text.data;
    end = p + text.len;

    while (p < end) {
        nl = memchr(p, '\n', end - p);
        ++*line;

        if (nl == NULL) {
            err->word = "the final newline is missing";
            err->offset = end - p;
            return APIGW_EINPUT;
        }

        s.data = p;
        s.len = nl - p;
        p = nl + 1;

        rc = apigw_revocation_read(&read, s, err);

        if (rc == APIGW_OK) {
            (void) apigw_revocation_add(&builder, &read);  /* room for all */

        } else if (rc != APIGW_AGAIN) {
            return rc;
        }
    }

    *line = 0;
    *size = apigw_revocation_finish(&builder);

    return APIGW_OK;
}


size_t
apigw_revocation_count(const void *image, size_t size)
{
    apigw_revocation_header_t  header;

    return apigw_revocation_open(&header, image, size) ? header.nentries : 0;
}


static bool
apigw_revocation_open(apigw_revocation_header_t *header, const void *image,
    size_t size)
{
    if (size < sizeof(apigw_revocation_header_t)) {
        return false;
    }

    memcpy(header, image, sizeof(apigw_revocation_header_t));

    return header->magic == APIGW_REVOCATION_MAGIC
           && header->version == APIGW_REVOCATION_VERSION
           && header->nslots > 0
           && header->size <= size
           && header->size == sizeof(apigw_revocation_header_t)
                              + (uint64_t) header->nslots
                                * APIGW_REVOCATION_ENTRY;
}


apigw_rc_t
apigw_revocation_find(const void *image, size_t size,
    const apigw_revocation_t *what, int64_t iat, int64_t now)
{
    uint32_t                    i, n;
    uint64_t                    issued, when;
    const uint8_t              *entries;
    apigw_siphash_t             digest;
    apigw_revocation_entry_t    entry;
    apigw_revocation_header_t   header;

    if (!apigw_revocation_open(&header, image, size)) {
        return APIGW_ELIMIT;
    }

    /* a token without a date may be as old as any */

    issued = iat > 0 ? (uint64_t) iat : 0;
    when = now > 0 ? (uint64_t) now : 0;

    digest = apigw_revocation_digest(&header.seed, what);
    entries = (const uint8_t *) image + sizeof(apigw_revocation_header_t);
    i = apigw_revocation_slot(&digest, header.nslots);

    for (n = 0; n < header.nslots; n++) {
        memcpy(&entry, entries + (size_t) i * APIGW_REVOCATION_ENTRY,
               sizeof(entry));

        if (entry.before == 0) {
            break;
        }

        if (apigw_revocation_same(&entry, &digest)
            && issued < entry.before && when < entry.until)
        {
            return APIGW_OK;
        }

        i = i + 1 < header.nslots ? i + 1 : 0;
    }

    return APIGW_EINPUT;
}
