// server.js PORT KEY: oidc-provider with discovery, registration and its management. Clients are kept in a Map, which costs less than
// any store and loses them at the end; the package's own adapter for tests would forget all but the last thousand.
import { createPrivateKey } from "node:crypto";
import { readFileSync } from "node:fs";
import { Provider } from "oidc-provider";

const [port, key] = process.argv.slice(2);
const kept = new Map();

class Kept {
  constructor(kind) {
    this.kind = kind;
  }

  key(id) {
    return this.kind + "/" + id;
  }

  async upsert(id, payload) {
    kept.set(this.key(id), payload);
  }

  async find(id) {
    return kept.get(this.key(id));
  }

  async findByUid() {}

  async findByUserCode() {}

  async consume() {}

  async destroy(id) {
    kept.delete(this.key(id));
  }

  async revokeByGrantId() {}
}

const signing = createPrivateKey(readFileSync(key)).export({ format: "jwk" });
const provider = new Provider("http://127.0.0.1:" + port, {
  adapter: Kept,
  jwks: { keys: [{ ...signing, alg: "RS256", use: "sig" }] },
  cookies: { keys: ["nobody signs in"] },
  features: {
    devInteractions: { enabled: false },
    registration: { enabled: true },
    registrationManagement: { enabled: true },
  },
});

provider.listen(Number(port), "127.0.0.1");
