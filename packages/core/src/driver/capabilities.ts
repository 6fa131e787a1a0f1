/** Abilities of a transport for topics of one persistence. Declared up front; the conformance tests skip by them. */

export interface Capabilities {
  /** `none`: settling has no effect. `prefix`: the contiguous head is committed. `individual`: each message. */
  readonly settle: 'none' | 'prefix' | 'individual';
  /** Per-aggregate order: not at all, within one consumer instance, or across all members of a group. */
  readonly ordering: 'none' | 'instance' | 'cluster';
  /** The client retries sends itself and keeps their order doing so. */
  readonly retriesInClient: boolean;
  /** Delivered and unsettled messages come again, to this or another member of the group. */
  readonly redelivery: boolean;
  /** A new group can start in the past: `from: 'earliest'` or a date. */
  readonly replay: boolean;
  /** A second publish of one message id is recognised and stored once. */
  readonly dedupe: boolean;
  /** A receipt means that the broker stored it; otherwise only that the client took it. */
  readonly acknowledged: boolean;
  /** Lag can be asked for. */
  readonly lag: boolean;
  /** A topic's messages can be browsed without consuming them (`Driver.browse`). Default: false. */
  readonly browse?: boolean;
  /** The broker's topics and their groups can be listed (`DriverTopicAdmin.listTopics`, `listGroups`). Default: false. */
  readonly inspect?: boolean;
  /**
   * Keys can be parked (`onExhausted: 'park'`): messages have positions, dead-letter topics can be browsed, and a member of a group
   * that `parks` hears `assigned` or `resumed` before it is given messages of a key that another member had. Default: false.
   */
  readonly parking?: boolean;
  /** Null and an empty value differ, both ways. Default: false. */
  readonly tombstones?: boolean;
  /** The largest value in bytes, where there is a limit. */
  readonly maxMessageBytes?: number;
}
