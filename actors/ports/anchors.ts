/** Addresses that always answer while this process reaches the network of the hosts that it watches. */
export interface AnchorPort {
  /**
   * Asks all anchors side by side. Undefined when one of them answers, or none is configured; else
   * one sentence that names them. Never throws.
   */
  unreached(): Promise<string | undefined>
}
