// SPDX-License-Identifier: GPL-2.0-or-later
/* Watches the threads in the map `threads`: their calls, the capability checks inside them, what their arguments point to, and how the
 * tree of processes grows and dies. Nothing is judged here: an exit that no enter preceded is forwarded as it is.
 *
 * A record's time is taken after its place in the ring was reserved. So whoever first reads the clock and then a ring up to its producer
 * position has every record that is older than the clock said, or meets one that is still being written (its BUSY bit). */

#include "checks.h"
#include "deaths.h"

char LICENSE[] SEC("license") = "GPL";
