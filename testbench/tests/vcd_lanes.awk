# Reads a value change dump of copypath into lines of `TIME LANE VALUE`, one per change: TIME in the
# file's unit, LANE as GTKWave names it. Lanes of words as text (silence: -, a space in a word: _),
# all others as numbers.
#   awk -f vcd_lanes.awk FILE
function number(bits,    i, n) {
  for (i = 1; i <= length(bits); ++i) n = 2 * n + substr(bits, i, 1)
  return n
}
function text(bits,    i, n, words) {
  if (bits ~ /[zZ]/) return "-"
  while (length(bits) % 8) bits = "0" bits
  for (i = 1; i <= length(bits); i += 8) {
    n = number(substr(bits, i, 8))
    if (n == 32) n = 95
    if (n != 0) words = words sprintf("%c", n)
  }
  return words
}
$1 == "$scope" { scope = scope $3 "."; next }
$1 == "$upscope" { sub(/[^.]*\.$/, "", scope); next }
$1 == "$var" {
  lane[$4] = scope $5 ($6 == "$end" ? "" : $6)
  is_text[$4] = lane[$4] ~ /\.(state|call|mode|bus_owner)\[/
  next
}
/^#/ { time = substr($0, 2); next }
/^[bB][01xzXZ]+ / { print time == "" ? 0 : time, lane[$2], is_text[$2] ? text(substr($1, 2)) : number(substr($1, 2)) }
/^[01xzXZ][a-z]+$/ { print time == "" ? 0 : time, lane[substr($0, 2)], substr($0, 1, 1) }
