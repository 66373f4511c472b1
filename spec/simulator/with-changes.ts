/** Sabotages change ports: the port with some of its methods replaced. */
export const withChanges = <Port extends object>(port: Port, changes: Partial<Port>): Port =>
  new Proxy(port, {
    get: (target, name): unknown => Reflect.get(name in changes ? changes : target, name),
  })
