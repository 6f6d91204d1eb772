"use client";

export { PageError as default } from "../_portal/page-error.tsx";
