"""Watching by eBPF: raw tracepoint programs write the records, this half forwards them."""
