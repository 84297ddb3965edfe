/** What a process of central does: takes in what nodes send; answers shops and operators; sees to deadlines and to the logs down. */
export const roles = ['ingest', 'api', 'orders'] as const;
export type Role = (typeof roles)[number];
