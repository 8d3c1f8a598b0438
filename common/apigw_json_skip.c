
#include "apigw_json_skip.h"
#include "apigw_json_scan.h"


/*
 * Containers are passed over in blocks of 64 bytes, one bit for each byte. Bits
 * of quotes, XORed from the lowest up, tell what is inside of strings; outside
 * of them only the number of brackets counts, as long as the block has too few
 * closing ones to end the container.
 */

#define APIGW_JSON_BLOCK  64


typedef struct {
    uint64_t         quotes;
    uint64_t         slashes;
    uint64_t         opens;
    uint64_t         closes;
} apigw_json_block_t;


typedef struct {
    size_t           depth;
    uint64_t         inside;         /* all bits, where a string goes on */
    bool             escaped;        /* the next byte is */
} apigw_json_skip_t;


static const uint8_t *apigw_json_skip_container(const uint8_t *p,
    const uint8_t *end);


#if defined(APIGW_JSON_WIDE)


static inline void
apigw_json_block_load(apigw_json_block_t *b, const uint8_t *p)
{
    unsigned  i;

    memset(b, 0, sizeof(apigw_json_block_t));

    for (i = 0; i < APIGW_JSON_BLOCK; i += 16) {
        b->quotes |= (uint64_t) apigw_json_equal16(p + i, '"', 0) << i;
        b->slashes |= (uint64_t) apigw_json_equal16(p + i, '\\', 0) << i;

        /* "[" and "{", "]" and "}" differ in one bit alone */

        b->opens |= (uint64_t) apigw_json_equal16(p + i, '{', 0x20) << i;
        b->closes |= (uint64_t) apigw_json_equal16(p + i, '}', 0x20) << i;
    }
}


/* Takes escaped quotes out. */

static inline void
apigw_json_block_escapes(apigw_json_block_t *b, bool *escaped)
{
    uint64_t  bit, slashes;

    bit = *escaped;
    slashes = b->slashes & ~bit;
    b->quotes &= ~bit;
    *escaped = false;

    while (slashes) {
        bit = slashes & -slashes;
        slashes ^= bit;

        /* the next byte, which may be of the next block */

        bit <<= 1;
        *escaped = bit == 0;

        slashes &= ~bit;
        b->quotes &= ~bit;
    }
}


/* What strings hold, opening quotes included. */

static inline uint64_t
apigw_json_block_inside(uint64_t quotes)
{
    quotes ^= quotes << 1;
    quotes ^= quotes << 2;
    quotes ^= quotes << 4;
    quotes ^= quotes << 8;
    quotes ^= quotes << 16;
    quotes ^= quotes << 32;

    return quotes;
}


/* The number of bytes up to the container's end, or a block. */

static inline unsigned
apigw_json_block_skip(apigw_json_skip_t *skip, const uint8_t *p)
{
    size_t               n;
    uint64_t             inside, bit;
    apigw_json_block_t   b;

    apigw_json_block_load(&b, p);
    apigw_json_block_escapes(&b, &skip->escaped);

    inside = apigw_json_block_inside(b.quotes) ^ skip->inside;
    skip->inside = inside >> 63 ? UINT64_MAX : 0;

    b.opens &= ~inside;
    b.closes &= ~inside;

    n = __builtin_popcountll(b.closes);

    if (n < skip->depth) {
        skip->depth -= n;
        skip->depth += __builtin_popcountll(b.opens);
        return APIGW_JSON_BLOCK;
    }

    for (inside = b.opens | b.closes; inside; inside ^= bit) {
        bit = inside & -inside;

        if (b.opens & bit) {
            skip->depth++;

        } else if (--skip->depth == 0) {
            return __builtin_ctzll(bit) + 1;
        }
    }

    return APIGW_JSON_BLOCK;
}


#endif


static const uint8_t *
apigw_json_skip_container(const uint8_t *p, const uint8_t *end)
{
    apigw_json_skip_t  skip = { 0, 0, false };

#if defined(APIGW_JSON_WIDE)

    while (end - p >= APIGW_JSON_BLOCK) {
        p += apigw_json_block_skip(&skip, p);

        if (skip.depth == 0) {
            return p;
        }
    }

#endif

    for ( /* void */ ; p < end; p++) {

        if (skip.escaped) {
            skip.escaped = false;
            continue;
        }

        switch (*p) {

        case '"':
            skip.inside = ~skip.inside;
            break;

        case '\\':
            skip.escaped = true;
            break;

        case '{':
        case '[':
            skip.depth += !skip.inside;
            break;

        case '}':
        case ']':
            if (!skip.inside && --skip.depth == 0) {
                return p + 1;
            }
        }
    }

    return end;
}


const uint8_t *
apigw_json_skip_string(const uint8_t *p, const uint8_t *end)
{
    for (p++; p < end; p++) {

        p = apigw_json_scan_quote(p, end);

        if (p == end) {
            break;
        }

        if (*p == '"') {
            return p + 1;
        }

        if (++p == end) {
            break;
        }
    }

    return end;
}


const uint8_t *
apigw_json_skip_value(const uint8_t *p, const uint8_t *end)
{
    switch (*p) {

    case '"':
        return apigw_json_skip_string(p, end);

    case '{':
    case '[':
        return apigw_json_skip_container(p, end);
    }

    while (p < end && *p != ',' && *p != ']' && *p != '}'
           && !apigw_json_is_space(*p))
    {
        p++;
    }

    return p;
}
