# How long the console takes for a key; what it costs in bytes and wake-ups is counted by tests/console/ui_wire.test.
declare -A took
while read -r name value; do took[$name]=$value; done < <(/usr/bin/python3 console.py "$build")
row "console, first screen in ms" -150 "${took[first]}"
row "console, key to last byte, idle, p99 in ms" -16 "${took[idle]}"
row "console, key to last byte, database silent, p99 in ms" -16 "${took[unanswered]}"
row "console, key to last byte, 500 rows/s arriving, p99 in ms" -33 "${took[tail]}"
row "console, Esc, p99 in ms" -40 "${took[esc]}"
