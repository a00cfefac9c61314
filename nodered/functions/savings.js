// in: msg.got.savings   out: msg.payload: the ledger's totals, or that there are none yet
const { ok, body, status, failure } = msg.got.savings;
msg.payload = ok ? { totals: body } : { missing: status === 404 ? "The savings appear here once the optimizer settles past slots." : failure };
return msg;
