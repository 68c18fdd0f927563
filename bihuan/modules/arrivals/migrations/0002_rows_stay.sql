-- Whoever was announced is accounted for: an arrival ends in a state, a file keeps its rows, a gate its checks.
REVOKE DELETE, TRUNCATE ON arrivals_arrival, arrivals_batch, arrivals_batchrow, arrivals_gate, arrivals_gatecheck FROM bihuan_app;
