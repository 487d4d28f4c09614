// The calls of the kernel for programs that c2 compiles: a function given by its bytes. The arguments are on the stack, the first one
// nearest to the return address.
//
//   mov rax, [rsp+8]     mov rdi, [rsp+16]    mov rsi, [rsp+24]    mov rdx, [rsp+32]
//   mov r10, [rsp+40]    mov r8, [rsp+48]     mov r9, [rsp+56]     syscall    ret

long syscall(long number, ...) = "488B442408" "488B7C2410" "488B742418" "488B542420" "4C8B542428" "4C8B442430" "4C8B4C2438" "0F05" "C3";
