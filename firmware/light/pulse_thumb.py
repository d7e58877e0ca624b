"""Of pulse.py what is worth it in the assembler of an ARM chip: there it stands in the place of viper's, and nowhere else.

pulse.py says what is computed, and has the two numbers too. What firmware/sound/thumb.py says of registers and of
instructions written as `data` holds here as well.
"""

import micropython
from micropython import const

R_BIAS = const(1024)
_X_BIAS = const(512)


@micropython.asm_thumb
def autocorrelate(r0, r1, r2, r3):
    # r0 x, r1 where in r, r2 bytes of the lag, r3 end of x; r4 r5 where in x, and a lag later; r6 r7 free
    # r8 sum of both stretches, r9 their energies, r10 end of r, r11 sum of products, r12 -512, lr where eight are left
    mov(r4, r8)
    mov(r5, r9)
    mov(r6, r10)
    mov(r7, r11)
    push({r4, r5, r6, r7})
    lsl(r3, r3, 1)
    add(r3, r3, r0)
    lsr(r4, r2, 16)
    add(r4, 1)
    lsl(r4, r4, 2)
    add(r4, r4, r1)
    mov(r10, r4)
    lsl(r2, r2, 16)
    lsr(r2, r2, 15)
    add(r1, r1, r2)
    add(r1, r1, r2)
    mov(r4, _X_BIAS >> 2)
    lsl(r4, r4, 2)
    neg(r4, r4)
    mov(r12, r4)
    mov(r4, r3)
    sub(r4, 14)
    mov(lr, r4)
    mov(r4, 0)
    mov(r8, r4)
    mov(r9, r4)
    mov(r4, r0)
    add(r5, r0, r2)
    b(MORE_SUMS)
    label(SUMS)
    ldrh(r6, [r4, 0])
    data(2, 0x4466)  # add r6, r12
    data(2, 0x44B0)  # add r8, r6
    mov(r7, r6)
    mul(r7, r6)
    data(2, 0x44B9)  # add r9, r7
    ldrh(r6, [r5, 0])
    data(2, 0x4466)  # add r6, r12
    data(2, 0x44B0)  # add r8, r6
    mov(r7, r6)
    mul(r7, r6)
    data(2, 0x44B9)  # add r9, r7
    add(r4, 2)
    add(r5, 2)
    label(MORE_SUMS)
    cmp(r5, r3)
    bcc(SUMS)
    b(MORE)

    label(LAG)
    mov(r4, r0)
    add(r5, r0, r2)
    mov(r6, 0)
    mov(r11, r6)
    b(MORE_EIGHTS)
    label(EIGHT)
    ldrh(r6, [r4, 0])
    ldrh(r7, [r5, 0])
    mul(r6, r7)
    data(2, 0x44B3)  # add r11, r6
    ldrh(r6, [r4, 2])
    ldrh(r7, [r5, 2])
    mul(r6, r7)
    data(2, 0x44B3)  # add r11, r6
    ldrh(r6, [r4, 4])
    ldrh(r7, [r5, 4])
    mul(r6, r7)
    data(2, 0x44B3)  # add r11, r6
    ldrh(r6, [r4, 6])
    ldrh(r7, [r5, 6])
    mul(r6, r7)
    data(2, 0x44B3)  # add r11, r6
    ldrh(r6, [r4, 8])
    ldrh(r7, [r5, 8])
    mul(r6, r7)
    data(2, 0x44B3)  # add r11, r6
    ldrh(r6, [r4, 10])
    ldrh(r7, [r5, 10])
    mul(r6, r7)
    data(2, 0x44B3)  # add r11, r6
    ldrh(r6, [r4, 12])
    ldrh(r7, [r5, 12])
    mul(r6, r7)
    data(2, 0x44B3)  # add r11, r6
    ldrh(r6, [r4, 14])
    ldrh(r7, [r5, 14])
    mul(r6, r7)
    data(2, 0x44B3)  # add r11, r6
    add(r4, 16)
    add(r5, 16)
    label(MORE_EIGHTS)
    data(2, 0x4575)  # cmp r5, lr
    bcc(EIGHT)
    b(MORE_ONES)
    label(ONE)
    ldrh(r6, [r4, 0])
    ldrh(r7, [r5, 0])
    mul(r6, r7)
    data(2, 0x44B3)  # add r11, r6
    add(r4, 2)
    add(r5, 2)
    label(MORE_ONES)
    cmp(r5, r3)
    bcc(ONE)

    # The sum of products is never below what is divided by: with 1000 more there is no sign, and 11 bits are enough.
    sub(r6, r4, r0)
    lsl(r6, r6, 8)
    data(2, 0x4446)  # add r6, r8
    lsl(r6, r6, 9)
    mov(r7, r11)
    sub(r6, r7, r6)
    asr(r6, r6, 10)
    mov(r7, r9)
    lsr(r7, r7, 11)
    add(r7, 1)
    add(r6, r6, r7)
    mov(r5, 125)
    lsl(r5, r5, 3)
    mul(r6, r5)
    lsl(r7, r7, 10)
    mov(r5, 0)
    mov(r4, 11)
    label(DIVIDES)
    lsl(r5, r5, 1)
    cmp(r6, r7)
    bcc(TOO_SMALL)
    sub(r6, r6, r7)
    add(r5, 1)
    label(TOO_SMALL)
    lsr(r7, r7, 1)
    sub(r4, 1)
    bne(DIVIDES)
    add(r5, R_BIAS - 1000)
    data(2, 0xC120)  # stm r1!, {r5}

    sub(r4, r3, r2)
    sub(r4, 2)
    ldrh(r6, [r4, 0])
    data(2, 0x4466)  # add r6, r12
    neg(r7, r6)
    data(2, 0x44B8)  # add r8, r7
    mul(r7, r6)
    data(2, 0x44B9)  # add r9, r7
    add(r4, r0, r2)
    ldrh(r6, [r4, 0])
    data(2, 0x4466)  # add r6, r12
    neg(r7, r6)
    data(2, 0x44B8)  # add r8, r7
    mul(r7, r6)
    data(2, 0x44B9)  # add r9, r7
    add(r2, 2)
    label(MORE)
    data(2, 0x4551)  # cmp r1, r10
    bcs(ALL)
    b(LAG)
    label(ALL)
    mov(r0, 0)
    pop({r4, r5, r6, r7})
    mov(r8, r4)
    mov(r9, r5)
    mov(r10, r6)
    mov(r11, r7)
