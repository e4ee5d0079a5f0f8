import axios, { AxiosError, type AxiosInstance, type AxiosResponse } from 'axios'
import type { CallInit } from './payer.ts'

/** An axios as agents create one. A proxy named by the environment would have no way to this machine's loopback. */
export const createAxios = (): AxiosInstance => axios.create({ proxy: false })

/** Makes one call; axios throws what is no 2xx, and here that is an answer like any other. */
export async function callWith(client: AxiosInstance, url: string, { method = 'GET', headers, body }: CallInit) {
  const response = await client
    .request({ url, method, ...(headers && { headers }), ...(body !== undefined && { data: body }) })
    .catch((error: unknown) => {
      if (error instanceof AxiosError && error.response) return error.response
      throw error
    })
  return readAxios(response)
}

function readAxios({ status, data, headers }: AxiosResponse) {
  return {
    status,
    body: data as unknown,
    header: (name: string) => {
      const value: unknown = headers[name.toLowerCase()]
      return typeof value === 'string' ? value : undefined
    },
  }
}
