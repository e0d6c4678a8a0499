# What a worker holds with 1,000 requests in flight: within 64 MiB and 128 KiB for each.
background silent "$program" silent
silent=$last
sick_port=$(first_line silent)
database memory
"$program" world "$(dsn memory)" "$work/ring" 4 1000 "http://127.0.0.1:$sick_port/hook" sick || die "no sick endpoints"
read -r _ _ before peak < <(whole memory 0 0 1000 1200)
end "$silent"
say "$before KiB before the first request, $peak KiB at its most with 1,000 in flight: $(calc "($peak - $before) / 1000") KiB each"
row "memory with 1,000 in flight / (64 MiB + 128 KiB each)" -1 "$(calc "$peak / (65536 + 1000 * 128)")"
