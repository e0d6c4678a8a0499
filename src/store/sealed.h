/* Inside store: sealed secrets as parameters and as columns. */
#ifndef HOOKTOP_STORE_SEALED_H
#define HOOKTOP_STORE_SEALED_H

#include "hooktop/store/queries.h"
#include "query.h"

/* A sealed blob says which key it was sealed to: four bytes of magic, then the key's id (vault.h). */
#define HT_SEALED_KEY_ID_AT 4u
#define HT_SEALED_KEY_ID    8u

/* Five parameters: id, generation, sealed, key_id, public_pem. NULL: no secret. */
void ht_put_sealed(struct ht_params *p, const struct ht_sealed *s);

/* Of sealed_secrets() and target_secrets(). */
#define HT_SEALED_COLS 7
extern const struct ht_col ht_sealed_cols[HT_SEALED_COLS];

#endif
