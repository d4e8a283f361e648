// The lines of a run: one for each row of the acceptance table, with the reason where it failed or was left out.

export class Report {
  constructor(wanted) {
    this.wanted = wanted
    this.counts = { ok: 0, FAILED: 0, 'left out': 0 }
  }

  /** Runs a test. What it returns, if anything, stands in its line. */
  async row(name, test) {
    if (this.wanted && !this.wanted.test(name)) return
    const begin = Date.now()
    try {
      const seen = await test()
      this.line('ok', name, [seen, `${((Date.now() - begin) / 1000).toFixed(1)} s`].filter(Boolean).join(', '))
    } catch (error) {
      this.line('FAILED', name, error.message?.split('\n')[0] ?? String(error))
      console.error(error.stack, error.cause ?? '')
    }
  }

  leftOut(name, reason) {
    this.line('left out', name, reason)
  }

  line(outcome, name, text) {
    this.counts[outcome]++
    console.log(`${outcome} ${name}: ${text}`)
  }

  end() {
    const { ok, FAILED: failed, 'left out': leftOut } = this.counts
    console.log(`${ok} passed, ${failed} failed, ${leftOut} skipped`)
    return failed === 0 && ok > 0
  }
}

/** Throws with a sentence unless the condition holds. */
export function must(holds, sentence) {
  if (!holds) throw new Error(sentence)
}

/** Throws unless two JSON values are equal. */
export function same(found, wanted, what) {
  const [left, right] = [found, wanted].map(value => JSON.stringify(value))
  must(left === right, `${what} is ${left}, not ${right}`)
}

/** Asks until the answer is truthy, and returns it. */
export async function until(question, what, seconds = 30) {
  const end = Date.now() + seconds * 1000
  let last
  do {
    try {
      const answer = await question()
      if (answer) return answer
    } catch (error) {
      last = error
    }
    await new Promise(resolve => setTimeout(resolve, 100))
  } while (Date.now() < end)
  throw new Error(`${what} did not happen in ${seconds} s${last ? `: ${last.message}` : ''}`)
}

/** Waits for the next second of the clock: times in the store are whole seconds, and a copy of this second is left alone. */
export async function nextSecond() {
  const second = () => Math.floor(Date.now() / 1000)
  const now = second()
  await until(() => second() > now, 'the next second', 2)
}
