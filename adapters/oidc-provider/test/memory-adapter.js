// Everything but clients, in memory.

const store = new Map()

export class MemoryAdapter {
  constructor(model) {
    this.model = model
  }
  #key = (id) => `${this.model}:${id}`
  async upsert(id, payload) {
    store.set(this.#key(id), { ...payload })
  }
  async find(id) {
    return store.get(this.#key(id))
  }
  async findByUid(uid) {
    return [...store].find(([key, value]) => key.startsWith(`${this.model}:`) && value.uid === uid)?.[1]
  }
  async findByUserCode() {}
  async consume(id) {
    store.get(this.#key(id)).consumed = Math.floor(Date.now() / 1000)
  }
  async destroy(id) {
    store.delete(this.#key(id))
  }
  async revokeByGrantId(grantId) {
    for (const [key, value] of store) if (value.grantId === grantId) store.delete(key)
  }
}
