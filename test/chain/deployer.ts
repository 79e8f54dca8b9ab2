import {
  type Abi,
  type Address,
  decodeFunctionResult,
  encodeDeployData,
  encodeFunctionData,
  getAddress,
  type Hex,
} from 'viem'
import type { Anvil } from './anvil.ts'
import type { Artifact } from './compile.ts'
import { sendTransaction } from './transaction.ts'

/** Deploys contracts and calls them by the names of their artifacts. */
export type Deployer = {
  readonly from: Address
  /** Deploys a contract, and first the libraries it links. */
  deploy(name: string, args?: readonly unknown[]): Promise<Address>
  send(name: string, to: Address, functionName: string, args: readonly unknown[]): Promise<void>
  read<T>(name: string, to: Address, functionName: string, args?: readonly unknown[]): Promise<T>
}

const linked = ({ bytecode, linkReferences }: Artifact, libraries: ReadonlyMap<string, Address>): Hex => {
  let code = bytecode.slice(2)
  for (const references of Object.values(linkReferences)) {
    for (const [library, places] of Object.entries(references)) {
      const address = libraries.get(library)?.slice(2).toLowerCase() ?? ''
      for (const { start } of places) code = code.slice(0, start * 2) + address + code.slice(start * 2 + 40)
    }
  }
  return `0x${code}`
}

/** A deployer whose transactions come from one account and whose contracts come from one set of artifacts. */
export const createDeployer = (
  anvil: Anvil,
  from: Address,
  artifactOf: (name: string) => Artifact,
): Deployer => {
  const libraries = new Map<string, Address>()
  const encode = (abi: Abi, functionName: string, args: readonly unknown[]): Hex =>
    encodeFunctionData({ abi, functionName, args })

  const deploy: Deployer['deploy'] = async (name, args = []) => {
    const artifact = artifactOf(name)
    for (const library of Object.values(artifact.linkReferences).flatMap((names) => Object.keys(names))) {
      if (!libraries.has(library)) libraries.set(library, await deploy(library))
    }
    const data = encodeDeployData({ abi: artifact.abi, bytecode: linked(artifact, libraries), args })
    const { contractAddress } = await sendTransaction(anvil, { from, data })
    if (contractAddress === null) throw new Error(`${name} was not deployed`)
    return getAddress(contractAddress)
  }

  return {
    from,
    deploy,
    send: async (name, to, functionName, args) => {
      await sendTransaction(anvil, { from, to, data: encode(artifactOf(name).abi, functionName, args) })
    },
    read: async <T>(name: string, to: Address, functionName: string, args: readonly unknown[] = []) => {
      const { abi } = artifactOf(name)
      const data = await anvil.rpc<Hex>('eth_call', [{ to, data: encode(abi, functionName, args) }, 'latest'])
      return decodeFunctionResult({ abi, functionName, args, data }) as T
    },
  }
}
