export { Denied as default } from "../_portal/denied.tsx";
