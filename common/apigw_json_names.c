
#include "apigw_json_names.h"


#define APIGW_JSON_NAMES_LINEAR  16   /* compared one by one up to here */
#define APIGW_JSON_NAMES_FIRST   64   /* hashes that the stack begins with */


typedef struct {
    uint32_t                 names;   /* where its names begin */
    uint32_t                 slots;   /* where its slots begin */
    uint32_t                 mask;    /* number of slots - 1; 0: none */
} apigw_json_frame_t;


struct apigw_json_names_s {
    apigw_json_frame_t      *frame;   /* of the innermost object */
    apigw_json_frame_t      *frames;
    uint64_t                *hashes;
    size_t                  *offsets; /* beside them, under DUP_LAST */
    uint32_t                *slots;   /* 1 + index among the object's names */
    uint32_t                 n;       /* names on the stack */
    uint32_t                 size;
    uint32_t                 n_slots;
    uint32_t                 slots_size;
    apigw_json_options_t     options;
    apigw_arena_t           *arena;
};


static uint32_t *apigw_json_names_find(apigw_json_names_t *names,
    uint64_t hash, size_t *found);
static apigw_rc_t apigw_json_names_grow(apigw_json_names_t *names);
static apigw_rc_t apigw_json_names_index(apigw_json_names_t *names);


apigw_json_names_t *
apigw_json_names_create(apigw_arena_t *arena,
    const apigw_json_options_t *options)
{
    apigw_json_names_t  *names;

    names = apigw_arena_zalloc(arena, sizeof(apigw_json_names_t));
    if (names == NULL) {
        return NULL;
    }

    /* the first frame stands for "outside of every object" */

    names->frames = apigw_arena_array(arena, options->max_depth + 1,
                                      sizeof(apigw_json_frame_t));
    if (names->frames == NULL) {
        return NULL;
    }

    names->options = *options;
    names->arena = arena;
    names->frame = names->frames;
    memset(names->frame, 0, sizeof(apigw_json_frame_t));

    return names;
}


void
apigw_json_names_open(apigw_json_names_t *names)
{
    names->frame++;
    names->frame->names = names->n;
    names->frame->slots = names->n_slots;
    names->frame->mask = 0;
}


void
apigw_json_names_close(apigw_json_names_t *names)
{
    names->n = names->frame->names;
    names->n_slots = names->frame->slots;
    names->frame--;
}


apigw_rc_t
apigw_json_names_add(apigw_json_names_t *names, apigw_str_t name, size_t at,
    size_t *previous)
{
    size_t       found, count;
    uint32_t    *slot;
    uint64_t     hash;
    apigw_rc_t   rc;

    count = names->n - names->frame->names;

    if (names->options.max_members && count >= names->options.max_members) {
        return APIGW_ELIMIT;
    }

    if (names->n == names->size) {
        rc = apigw_json_names_grow(names);
        if (rc != APIGW_OK) {
            return rc;
        }
    }

    if (names->options.duplicates == APIGW_JSON_DUP_PASS) {
        names->n++;
        return APIGW_OK;
    }

    if (count >= APIGW_JSON_NAMES_LINEAR && count * 2 >= names->frame->mask) {
        rc = apigw_json_names_index(names);
        if (rc != APIGW_OK) {
            return rc;
        }
    }

    hash = apigw_json_name_hash(names->options.seed, name);
    slot = apigw_json_names_find(names, hash, &found);

    if (found < names->n) {
        if (names->offsets) {
            *previous = names->offsets[found];
            names->offsets[found] = at;
        }

        return APIGW_EINPUT;
    }

    if (slot) {
        *slot = count + 1;
    }

    if (names->offsets) {
        names->offsets[names->n] = at;
    }

    names->hashes[names->n++] = hash;

    return APIGW_OK;
}


/* Sets *found to the name's place on the stack, or to the stack's top. */

static uint32_t *
apigw_json_names_find(apigw_json_names_t *names, uint64_t hash, size_t *found)
{
    uint32_t            *slots;
    size_t               i;
    apigw_json_frame_t  *frame;

    frame = names->frame;

    if (frame->mask == 0) {
        for (i = frame->names; i < names->n; i++) {
            if (names->hashes[i] == hash) {
                break;
            }
        }

        *found = i;

        return NULL;
    }

    slots = names->slots + frame->slots;

    for (i = hash & frame->mask; slots[i]; i = (i + 1) & frame->mask) {
        *found = frame->names + slots[i] - 1;

        if (names->hashes[*found] == hash) {
            return &slots[i];
        }
    }

    *found = names->n;

    return &slots[i];
}


static apigw_rc_t
apigw_json_names_grow(apigw_json_names_t *names)
{
    size_t    size, *offsets;
    uint64_t  *hashes;

    if (names->size > UINT32_MAX / 8) {
        return APIGW_ELIMIT;
    }

    size = names->size ? (size_t) names->size * 2 : APIGW_JSON_NAMES_FIRST;

    hashes = apigw_arena_array(names->arena, size, sizeof(uint64_t));
    if (hashes == NULL) {
        return APIGW_ENOMEM;
    }

    if (names->options.duplicates == APIGW_JSON_DUP_LAST) {
        offsets = apigw_arena_array(names->arena, size, sizeof(size_t));
        if (offsets == NULL) {
            return APIGW_ENOMEM;
        }

        if (names->n) {
            memcpy(offsets, names->offsets, names->n * sizeof(size_t));
        }

        names->offsets = offsets;
    }

    if (names->n) {
        memcpy(hashes, names->hashes, names->n * sizeof(uint64_t));
    }

    names->hashes = hashes;
    names->size = size;

    return APIGW_OK;
}


/* Gives the innermost object a table, or one of twice the size. */

static apigw_rc_t
apigw_json_names_index(apigw_json_names_t *names)
{
    size_t               i, j, n, need, size;
    uint32_t            *slots;
    apigw_json_frame_t  *frame;

    frame = names->frame;
    n = frame->mask ? ((size_t) frame->mask + 1) * 2
                    : APIGW_JSON_NAMES_LINEAR * 4;
    need = frame->slots + n;

    if (need > names->slots_size) {
        size = need > (size_t) names->slots_size * 2
               ? need : (size_t) names->slots_size * 2;

        if (size > UINT32_MAX) {
            return APIGW_ELIMIT;
        }

        slots = apigw_arena_array(names->arena, size, sizeof(uint32_t));
        if (slots == NULL) {
            return APIGW_ENOMEM;
        }

        if (frame->slots) {
            memcpy(slots, names->slots, frame->slots * sizeof(uint32_t));
        }

        names->slots = slots;
        names->slots_size = size;
    }

    slots = names->slots + frame->slots;
    memset(slots, 0, n * sizeof(uint32_t));

    frame->mask = n - 1;
    names->n_slots = need;

    for (j = frame->names; j < names->n; j++) {
        i = names->hashes[j] & frame->mask;

        while (slots[i]) {
            i = (i + 1) & frame->mask;
        }

        slots[i] = j - frame->names + 1;
    }

    return APIGW_OK;
}


/* The product of 64 by 64 bits, its halves folded together. */

static inline uint64_t
apigw_json_fold(uint64_t a, uint64_t b)
{
#if defined(__SIZEOF_INT128__)

    unsigned __int128  product = (unsigned __int128) a * b;

    return (uint64_t) product ^ (uint64_t) (product >> 64);

#else

    uint64_t  low, mid, high, cross;

    low = (a & UINT32_MAX) * (b & UINT32_MAX);
    mid = (a >> 32) * (b & UINT32_MAX);
    cross = (a & UINT32_MAX) * (b >> 32);
    high = (a >> 32) * (b >> 32);

    mid += (low >> 32) + (cross & UINT32_MAX);
    high += (mid >> 32) + (cross >> 32);

    return (mid << 32 | (low & UINT32_MAX)) ^ high;

#endif
}


/* Up to 8 bytes as a word; no two texts of one length give the same. */

static inline uint64_t
apigw_json_load(const uint8_t *p, size_t len)
{
    uint32_t  low, high;

    if (len >= 4) {
        memcpy(&low, p, 4);
        memcpy(&high, p + len - 4, 4);

        return low | (uint64_t) high << 32;
    }

    if (len == 0) {
        return 0;
    }

    return p[0] | (uint64_t) p[len / 2] << 8 | (uint64_t) p[len - 1] << 16;
}


/*
 * Folded multiplication: both factors of each round hold secret bits, and the
 * length closes, so that no choice of names makes a factor vanish.
 */

uint64_t
apigw_json_name_hash(const uint64_t seed[2], apigw_str_t name)
{
    size_t          left;
    uint64_t        hash, a, b;
    const uint8_t  *p;

    hash = seed[0] ^ UINT64_C(0x9e3779b97f4a7c15);
    p = name.data;

    for (left = name.len; left > 16; left -= 16) {
        a = apigw_json_load(p, 8);
        b = apigw_json_load(p + 8, 8);
        hash = apigw_json_fold(a ^ seed[1] ^ hash, b ^ seed[0] ^ ~hash);
        p += 16;
    }

    if (left > 8) {
        a = apigw_json_load(p, 8);
        b = apigw_json_load(p + 8, left - 8);

    } else {
        a = apigw_json_load(p, left);
        b = 0;
    }

    hash = apigw_json_fold(a ^ seed[1] ^ hash, b ^ seed[0] ^ ~hash);

    return apigw_json_fold(hash ^ seed[1],
                           name.len ^ UINT64_C(0xd1b54a32d192ed03));
}
