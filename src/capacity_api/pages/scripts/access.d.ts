// What the scripts of `/manage` read of the API about people and access. Only the type checker reads this file.

import type { OwnerRef } from "./types.js";

export interface Owner extends OwnerRef {
  suspended: boolean;
  suspended_at: string | null;
}

export interface Token {
  id: string;
  label: string | null;
  owner: OwnerRef;
  scopes: string[];
  created_at: string;
  expires_at: string | null;
  revoked_at: string | null;
  successor_id: string | null;
  reviewed: boolean;
  last_used_at: string | null;
  person_id: string | null;
}

export interface Webhook {
  id: string;
  owner: OwnerRef;
  url: string;
  description: string | null;
  status: "active" | "disabled";
  disabled_reason: string | null;
  failing_since: string | null;
  next_attempt_at: string | null;
}

export interface Attempt {
  at: string;
  status: number | null;
  duration_ms: number;
  reason: string | null;
}

export interface Delivery {
  id: string;
  type: string;
  sequence: number | null;
  status: string;
  attempts: Attempt[];
  next_attempt_at: string | null;
  created_at: string;
}

export interface Actor {
  type: "token" | "person" | "link" | "command_line" | "service";
  id: string | null;
  label: string | null;
  owner: OwnerRef | null;
  user: string | null;
}

export interface AuditEntry {
  id: string;
  at: string;
  actor: Actor;
  action: string;
  target: string;
}

export interface HistoryEntry {
  sequence: number;
  kind: string;
  at: string;
  state: string;
}
