
#include "apigw_identity.h"


static apigw_rc_t apigw_identity_fill(apigw_identity_t *identity,
    apigw_arena_t *arena, const apigw_claims_map_t *map);
static bool apigw_identity_find(const apigw_claims_t *claims,
    const apigw_claim_paths_t *paths, bool text, apigw_claim_t *value);
static apigw_rc_t apigw_identity_consumer(apigw_identity_t *identity,
    apigw_arena_t *arena, const apigw_claims_map_t *map);
static apigw_rc_t apigw_identity_list(apigw_identity_t *identity,
    apigw_arena_t *arena, const apigw_claim_paths_t *paths,
    apigw_str_list_t *list);
static apigw_rc_t apigw_identity_join(apigw_identity_t *identity,
    apigw_arena_t *arena, const apigw_str_list_t *list, apigw_str_t *text);
static apigw_rc_t apigw_identity_split(apigw_arena_t *arena,
    apigw_str_list_t *list, apigw_str_t text, uint8_t separator);
static void apigw_identity_safe(apigw_identity_t *identity,
    apigw_str_t *text);
static apigw_rc_t apigw_identity_dup(apigw_str_t *copy, apigw_arena_t *arena,
    apigw_str_t s);


apigw_rc_t
apigw_identity_from_claims(apigw_identity_t **out, apigw_arena_t *arena,
    unsigned method, apigw_str_t provider, const apigw_claims_map_t *map,
    const apigw_claims_t *claims, const apigw_jwk_t *key,
    const apigw_claims_dates_t *dates)
{
    apigw_rc_t         rc;
    apigw_identity_t  *identity;

    identity = apigw_arena_zalloc(arena, sizeof(apigw_identity_t));
    if (identity == NULL) {
        return APIGW_ENOMEM;
    }

    identity->methods = method;
    identity->dates = *dates;

    rc = apigw_claims_copy(&identity->claims, arena, claims);

    if (rc == APIGW_OK) {
        rc = apigw_identity_dup(&identity->provider, arena, provider);
    }

    if (rc == APIGW_OK && key) {
        memcpy(identity->thumbprint, apigw_jwk_thumbprint(key),
               APIGW_JWK_THUMBPRINT);

        rc = apigw_identity_dup(&identity->kid, arena, apigw_jwk_kid(key));
        apigw_identity_safe(identity, &identity->kid);
    }

    if (rc == APIGW_OK) {
        rc = apigw_identity_fill(identity, arena, map);
    }

    if (rc != APIGW_OK) {
        return rc;
    }

    *out = identity;

    return APIGW_OK;
}


static apigw_rc_t
apigw_identity_fill(apigw_identity_t *identity, apigw_arena_t *arena,
    const apigw_claims_map_t *map)
{
    apigw_rc_t     rc;
    apigw_claim_t  plan;

    rc = apigw_identity_consumer(identity, arena, map);

    if (apigw_identity_find(identity->claims, &map->plan, true, &plan)) {
        identity->plan = plan.text;
        apigw_identity_safe(identity, &identity->plan);
    }

    if (rc == APIGW_OK) {
        rc = apigw_identity_list(identity, arena, &map->scope,
                                 &identity->scopes);
    }

    if (rc == APIGW_OK) {
        rc = apigw_identity_list(identity, arena, &map->roles,
                                 &identity->roles);
    }

    if (rc == APIGW_OK) {
        rc = apigw_identity_list(identity, arena, &map->groups,
                                 &identity->groups);
    }

    if (rc == APIGW_OK) {
        rc = apigw_identity_join(identity, arena, &identity->scopes,
                                 &identity->scope_text);
    }

    if (rc == APIGW_OK) {
        rc = apigw_identity_join(identity, arena, &identity->groups,
                                 &identity->groups_text);
    }

    return rc;
}


/* The first path that leads to a value, or to a string with something in it. */

static bool
apigw_identity_find(const apigw_claims_t *claims,
    const apigw_claim_paths_t *paths, bool text, apigw_claim_t *value)
{
    size_t  i;

    for (i = 0; i < paths->npaths; i++) {
        if (!apigw_claims_find(claims, &paths->paths[i], value)
            || value->type == APIGW_CLAIM_NULL)
        {
            continue;
        }

        if (!text
            || (value->type == APIGW_CLAIM_STRING && value->text.len > 0))
        {
            return true;
        }
    }

    return false;
}


static apigw_rc_t
apigw_identity_consumer(apigw_identity_t *identity, apigw_arena_t *arena,
    const apigw_claims_map_t *map)
{
    size_t         len;
    uint8_t       *p;
    apigw_claim_t  value;

    if (!apigw_identity_find(identity->claims, &map->consumer, true, &value)) {
        return APIGW_OK;
    }

    identity->consumer = value.text;

    if (map->consumer_prefix.len) {
        len = map->consumer_prefix.len + value.text.len;

        p = apigw_arena_alloc(arena, len);
        if (p == NULL) {
            return APIGW_ENOMEM;
        }

        memcpy(p, map->consumer_prefix.data, map->consumer_prefix.len);
        memcpy(p + map->consumer_prefix.len, value.text.data, value.text.len);

        identity->consumer.data = p;
        identity->consumer.len = len;
    }

    apigw_identity_safe(identity, &identity->consumer);

    return APIGW_OK;
}


static apigw_rc_t
apigw_identity_list(apigw_identity_t *identity, apigw_arena_t *arena,
    const apigw_claim_paths_t *paths, apigw_str_list_t *list)
{
    apigw_claim_t  value;

    if (!apigw_identity_find(identity->claims, paths, false, &value)) {
        return APIGW_OK;
    }

    return apigw_claims_list(list, arena, identity->claims, &value);
}


/*
 * Joins a list by spaces. An element with a space of its own would read as
 * two, so it is left out: a service then sees less than was granted, not more.
 */

static apigw_rc_t
apigw_identity_join(apigw_identity_t *identity, apigw_arena_t *arena,
    const apigw_str_list_t *list, apigw_str_t *text)
{
    size_t              i, len;
    uint8_t            *p;
    const apigw_str_t  *elt;

    len = 0;

    for (i = 0; i < list->nelts; i++) {
        len += list->elts[i].len + 1;
    }

    if (len == 0) {
        return APIGW_OK;
    }

    p = apigw_arena_alloc(arena, len);
    if (p == NULL) {
        return APIGW_ENOMEM;
    }

    text->data = p;

    for (i = 0; i < list->nelts; i++) {
        elt = &list->elts[i];

        if (elt->len == 0 || memchr(elt->data, ' ', elt->len)) {
            continue;
        }

        if (p != text->data) {
            *p++ = ' ';
        }

        memcpy(p, elt->data, elt->len);
        p += elt->len;
    }

    text->len = p - text->data;
    apigw_identity_safe(identity, text);

    return APIGW_OK;
}


apigw_rc_t
apigw_identity_from_key(apigw_identity_t **out, apigw_arena_t *arena,
    apigw_str_t provider, const apigw_key_t *key)
{
    apigw_rc_t         rc;
    apigw_str_t        groups, scope;
    apigw_identity_t  *identity;

    identity = apigw_arena_zalloc(arena, sizeof(apigw_identity_t));
    if (identity == NULL) {
        return APIGW_ENOMEM;
    }

    identity->methods = APIGW_METHOD_KEY;
    identity->dates.exp = key->exp ? (int64_t) key->exp : -1;
    identity->dates.nbf = key->nbf ? (int64_t) key->nbf : -1;
    identity->dates.iat = -1;

    if ((rc = apigw_identity_dup(&identity->provider, arena, provider))
        || (rc = apigw_identity_dup(&identity->key_id, arena, key->id))
        || (rc = apigw_identity_dup(&identity->consumer, arena, key->consumer))
        || (rc = apigw_identity_dup(&identity->plan, arena, key->plan))
        || (rc = apigw_identity_dup(&groups, arena, key->groups))
        || (rc = apigw_identity_dup(&scope, arena, key->scope))
        || (rc = apigw_identity_split(arena, &identity->groups, groups, ','))
        || (rc = apigw_identity_split(arena, &identity->scopes, scope, ' '))
        || (rc = apigw_identity_join(identity, arena, &identity->groups,
                                     &identity->groups_text))
        || (rc = apigw_identity_join(identity, arena, &identity->scopes,
                                     &identity->scope_text)))
    {
        return rc;
    }

    apigw_identity_safe(identity, &identity->consumer);
    apigw_identity_safe(identity, &identity->plan);

    *out = identity;

    return APIGW_OK;
}


apigw_rc_t
apigw_identity_anonymous(apigw_identity_t **out, apigw_arena_t *arena,
    apigw_str_t consumer)
{
    apigw_rc_t         rc;
    apigw_identity_t  *identity;

    identity = apigw_arena_zalloc(arena, sizeof(apigw_identity_t));
    if (identity == NULL) {
        return APIGW_ENOMEM;
    }

    identity->methods = APIGW_METHOD_ANONYMOUS;
    identity->dates.exp = -1;
    identity->dates.nbf = -1;
    identity->dates.iat = -1;

    rc = apigw_identity_dup(&identity->consumer, arena, consumer);
    if (rc != APIGW_OK) {
        return rc;
    }

    *out = identity;

    return APIGW_OK;
}


/* The elements of a key's attribute, none of them empty. */

static apigw_rc_t
apigw_identity_split(apigw_arena_t *arena, apigw_str_list_t *list,
    apigw_str_t text, uint8_t separator)
{
    size_t          n;
    const uint8_t  *p, *end, *stop;

    if (text.len == 0) {
        return APIGW_OK;
    }

    p = text.data;
    end = p + text.len;
    n = 1;

    while ((p = memchr(p, separator, end - p)) != NULL) {
        n++;
        p++;
    }

    list->elts = apigw_arena_array(arena, n, sizeof(apigw_str_t));
    if (list->elts == NULL) {
        return APIGW_ENOMEM;
    }

    for (p = text.data; list->nelts < n; p = stop + 1) {
        stop = memchr(p, separator, end - p);
        stop = stop ? stop : end;

        list->elts[list->nelts].data = p;
        list->elts[list->nelts].len = stop - p;
        list->nelts++;
    }

    return APIGW_OK;
}


/* What would break a header or a log line does not become an identity. */

static void
apigw_identity_safe(apigw_identity_t *identity, apigw_str_t *text)
{
    if (apigw_str_has_control(*text)) {
        text->data = NULL;
        text->len = 0;
        identity->unsafe = true;
    }
}


static apigw_rc_t
apigw_identity_dup(apigw_str_t *copy, apigw_arena_t *arena, apigw_str_t s)
{
    copy->data = NULL;
    copy->len = s.len;

    if (s.len == 0) {
        return APIGW_OK;
    }

    copy->data = apigw_arena_dup(arena, s.data, s.len);

    return copy->data ? APIGW_OK : APIGW_ENOMEM;
}
