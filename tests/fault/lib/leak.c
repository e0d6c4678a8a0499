#include <stdlib.h>
#include <string.h>

#include "fault.h"
#include "hooktop/base/codec.h"

/* A secret is looked for as it is and in base64, which is how people and signatures have it. */
static bool holds(const char *bytes, size_t len, const struct ht_secret *s)
{
    size_t n = ht_secret_len(s);
    if (n < 8 || len < n)
        return false;
    char *text = ht_alloc(HT_BASE64_SIZE(n), 1);
    ht_base64_encode(ht_secret_bytes(s), n, text);
    text[n * 4 / 3] = '\0'; /* without what depends on what follows */
    bool found = memmem(bytes, len, ht_secret_bytes(s), n) != NULL || memmem(bytes, len, text, strlen(text)) != NULL;
    free(text);
    return found;
}

static char *read_whole(const char *path, size_t *ret_len)
{
    struct ht_buf b;
    char part[65536];
    size_t n;
    FILE *f = fopen(path, "re");
    ht_buf_init(&b, 512u << 20);
    while (f != NULL && (n = fread(part, 1, sizeof part, f)) > 0)
        ht_buf_add(&b, part, n);
    if (f != NULL)
        fclose(f);
    *ret_len = b.len;
    return ht_buf_take(&b, NULL);
}

static void look_for(struct ft_history *h, const struct ft_keys *keys, const char *bytes, size_t len, const char *where)
{
    for (size_t i = 0; i < keys->n; i++)
        if (keys->secret[i] != NULL && holds(bytes, len, keys->secret[i]) && h->leaks++ == 0)
            snprintf(h->leak, sizeof h->leak, "a secret stands in %.120s", where);
}

static void look_into(struct ft_history *h, struct ft_world *w, const char *path)
{
    size_t len;
    char *bytes = read_whole(path, &len);
    for (size_t i = 0; len > 0 && i < FT_ENDPOINTS; i++)
        look_for(h, &w->endpoints[i].own, bytes, len, path);
    free(bytes);
}

void ft_leaks_find(struct ft_history *h, struct ft_world *w, struct ft_workers *ws)
{
    for (int i = 0; i < FT_NODES; i++)
        look_into(h, w, ft_text("%s/server.log", w->cluster.dir[i]));
    for (int i = 0; i < ws->n; i++) {
        look_into(h, w, ft_text("%s/worker-%d.log", ft_work(), i));
        pthread_mutex_lock(&ws->lock);
        pid_t pid = ws->w[i].pid;
        pthread_mutex_unlock(&ws->lock);
        look_into(h, w, ft_text("/proc/%d/cmdline", (int)pid));
        look_into(h, w, ft_text("/proc/%d/environ", (int)pid));
    }
}
