# The rate with 10,000 rows waiting against that with 1,000,000: the same number of deliveries each, in turn.
rounds=${ROUNDS:-7}
ratios=()
database large 1000000
sql large CHECKPOINT
for ((round = 1; round <= rounds; round++)); do
    database small 10000
    read -r few _ < <(whole small 0 8000 0)
    read -r many _ < <(whole large 0 8000 0)
    ratios+=("$(calc "$many / $few")")
    say "round $round: $few with 10,000 waiting, $many with $(sql large 'SELECT count(*) FROM hooktop.tenant_webhook_outbox')"
done
row "rate with 1,000,000 waiting / rate with 10,000" 0.9 "${ratios[@]}"
sql postgres "DROP DATABASE large WITH (FORCE)"
