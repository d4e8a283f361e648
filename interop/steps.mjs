// A client's journeys, step by step: one line for each, `ok` or `FAIL` and why. A journey ends at its first broken step.

/** The issuer of a server where anybody may register. */
export const OPEN = process.env.OPEN

/** The issuer of a server that wants an initial access token. */
export const PROTECTED = process.env.PROTECTED

/** The issuer of a server that takes documents of clients and redirects to a server behind. */
export const DOCUMENTS = process.env.DOCUMENTS

/** The address of such a document. */
export const DOCUMENT = process.env.DOCUMENT

/** An initial access token of the protected server. */
export const TOKEN = process.env.TOKEN

class Broken extends Error {}

/** The sentence of an error and of what caused it, to the end. */
function explain(error) {
  const sentence = [error.message, error.error_description].filter(Boolean).join(': ')
  return error.cause instanceof Error ? `${sentence} <- ${explain(error.cause)}` : sentence
}

/** Runs the journeys of the client `name`. */
export async function run(name, journeys) {
  for (const [title, journey] of Object.entries(journeys)) {
    const step = async (what, act) => {
      try {
        const result = await act()
        console.log(`ok   ${name}: ${title}: ${what}`)
        return result
      } catch (error) {
        console.log(`FAIL ${name}: ${title}: ${what}: ${explain(error).replaceAll('\n', ' ')}`)
        throw new Broken()
      }
    }
    await journey(step).catch((error) => {
      if (!(error instanceof Broken)) throw error
      process.exitCode = 1
    })
  }
}

/** What `act` is refused with. */
export async function refusal(act) {
  try {
    await act()
  } catch (error) {
    return error
  }
  throw new Error('the server did not refuse')
}
