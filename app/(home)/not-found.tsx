export { Missing as default } from "../_portal/missing.tsx";
