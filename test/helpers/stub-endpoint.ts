import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

/** An HTTP answer, or null to let the real node answer. */
export type Answer = { readonly status?: number; readonly body: string } | null

export type StubEndpoint = { readonly url: string; readonly stop: () => Promise<void> }

/** An endpoint that stands before a real one and answers some requests itself. */
export const startStub = async (
  node: string,
  answer: (request: { readonly id: number; readonly method: string }) => Answer,
): Promise<StubEndpoint> => {
  const server = createServer((request, response) => {
    let body = ''
    request.on('data', (chunk) => {
      body += chunk
    })
    request.on('end', async () => {
      const own = answer(JSON.parse(body))
      const headers = { 'content-type': 'application/json' }
      const text = own ? own.body : await (await fetch(node, { method: 'POST', headers, body })).text()
      response.writeHead(own?.status ?? 200, headers).end(text)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    stop: () =>
      new Promise((resolve) => {
        server.closeAllConnections()
        server.close(() => resolve())
      }),
  }
}
