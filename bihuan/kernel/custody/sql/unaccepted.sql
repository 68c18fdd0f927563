-- Hand-overs that are not accepted, longest wait first.
-- Parameters: holders (on either side), senders, receivers; each null for all.
SELECT id, sender, receiver, via, dispatched_at, pending
FROM custody_handover
WHERE closed_at IS NULL
  AND (%(holders)s::text[] IS NULL OR sender = ANY(%(holders)s::text[]) OR receiver = ANY(%(holders)s::text[]))
  AND (%(senders)s::text[] IS NULL OR sender = ANY(%(senders)s::text[]))
  AND (%(receivers)s::text[] IS NULL OR receiver = ANY(%(receivers)s::text[]))
ORDER BY dispatched_at, id
