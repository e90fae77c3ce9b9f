import type { Step } from "./step.ts";

/** Browsers that log in. */
export const SESSIONS: readonly Step[] = [
  {
    name: "login_link",
    summary: "For somebody who only looks",
    operation: "post /api/v1/login-links",
    as: "operator",
    body: { role: "viewer" },
    status: 201,
  },
  {
    name: "login",
    summary: "The link is opened",
    operation: "post /session",
    as: "nobody",
    body: { code: "$login_link.code" },
    status: 200,
  },
  {
    name: "login_again",
    summary: "A link works once",
    operation: "post /session",
    as: "nobody",
    body: { code: "$login_link.code" },
    status: 401,
  },
  { name: "whoami", summary: "With a token", operation: "get /session", as: "operator", status: 200 },
  { name: "logout", summary: "The cookie is taken back", operation: "delete /session", as: "nobody", status: 204 },
  {
    name: "close_sessions",
    summary: "A phone was lost",
    operation: "delete /api/v1/sessions",
    as: "admin",
    status: 200,
  },
  {
    name: "events",
    summary: "How the stream begins",
    operation: "get /events",
    as: "viewer",
    endless: true,
    status: 200,
  },
];
