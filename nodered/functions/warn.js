// in: msg.error   out: the log of Node-RED
node.warn(`${msg.error?.source?.name || "battery"}: ${msg.error?.message || "unknown failure"}`);
return null;
