
/*
 * The slots of a Redis Cluster: which one a key is in, and which node has it.
 */


#ifndef _APIGW_RESP_SLOTS_H_INCLUDED_
#define _APIGW_RESP_SLOTS_H_INCLUDED_


#include "apigw_resp_place.h"


#pragma GCC visibility push(hidden)


#define APIGW_RESP_SLOTS      16384
#define APIGW_RESP_MAX_NODES  256          /* masters that are kept apart */


typedef struct {
    uint32_t            nnodes;
    apigw_resp_place_t  nodes[APIGW_RESP_MAX_NODES];
    uint16_t            owner[APIGW_RESP_SLOTS];    /* 1 + node; 0: nobody */
} apigw_resp_slots_t;


/*
 * The slot of a key: CRC-16 (XMODEM) of what stands between the first "{" and
 * the "}" after it, of the whole key if nothing does.
 */
uint32_t apigw_resp_slot(const uint8_t *key, size_t len);


/*
 * Reads a reply to CLUSTER SLOTS: masters only; `nodes` point into the reply.
 * A range whose master is nowhere ("?") has no owner.
 * APIGW_EINPUT  not a map: malformed, without a slot, or one is given twice
 * APIGW_ELIMIT  more than APIGW_RESP_MAX_NODES masters
 */
apigw_rc_t apigw_resp_slots_read(const redisReply *reply,
    apigw_resp_slots_t *slots);


#pragma GCC visibility pop


#endif /* _APIGW_RESP_SLOTS_H_INCLUDED_ */
