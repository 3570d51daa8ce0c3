//! The tile: up to 14 rows of two vectors, whose sums stay in registers.

use std::arch::asm;

use crate::simd::vector::Product;

/// A [`Product`] in assembly: the compiler loads the whole column of `a` before the first product
/// and then lacks registers for the sums, 45 instead of 110 GFLOP/s a core (Zen 4).
///
/// # Safety
///
/// As for [`Simd::product`]; the processor has AVX-512F.
#[target_feature(enable = "avx512f")]
pub(super) unsafe fn tile(rows: usize, vectors: usize, product: &Product) {
    // The lines for row `$i` and all before it. Sums of row i: registers 2 i and 2 i + 1.
    macro_rules! lines {
        ($line:ident 1) => { $line!("[{a}]" 0 1) };
        ($line:ident 2) => { concat!(lines!($line 1), $line!("[{a} + {s}]" 2 3)) };
        ($line:ident 3) => { concat!(lines!($line 2), $line!("[{a} + 2 * {s}]" 4 5)) };
        ($line:ident 4) => { concat!(lines!($line 3), $line!("[{a} + {s3}]" 6 7)) };
        ($line:ident 5) => { concat!(lines!($line 4), $line!("next"), $line!("[{t}]" 8 9)) };
        ($line:ident 6) => { concat!(lines!($line 5), $line!("[{t} + {s}]" 10 11)) };
        ($line:ident 7) => { concat!(lines!($line 6), $line!("[{t} + 2 * {s}]" 12 13)) };
        ($line:ident 8) => { concat!(lines!($line 7), $line!("[{t} + {s3}]" 14 15)) };
        ($line:ident 9) => { concat!(lines!($line 8), $line!("then"), $line!("[{t}]" 16 17)) };
        ($line:ident 10) => { concat!(lines!($line 9), $line!("[{t} + {s}]" 18 19)) };
        ($line:ident 11) => { concat!(lines!($line 10), $line!("[{t} + 2 * {s}]" 20 21)) };
        ($line:ident 12) => { concat!(lines!($line 11), $line!("[{t} + {s3}]" 22 23)) };
        ($line:ident 13) => { concat!(lines!($line 12), $line!("then"), $line!("[{t}]" 24 25)) };
        ($line:ident 14) => { concat!(lines!($line 13), $line!("[{t} + {s}]" 26 27)) };
    }
    macro_rules! zero {
        ($base:literal) => {
            ""
        };
        ($at:literal $i:literal $j:literal) => {
            concat!(
                "vpxord zmm",
                $i,
                ", zmm",
                $i,
                ", zmm",
                $i,
                "\n",
                "vpxord zmm",
                $j,
                ", zmm",
                $j,
                ", zmm",
                $j,
                "\n",
            )
        };
    }
    macro_rules! multiply1 {
        ("next") => {
            "lea {t}, [{a} + 4 * {s}]\n"
        };
        ("then") => {
            "lea {t}, [{t} + 4 * {s}]\n"
        };
        ($at:literal $i:literal $j:literal) => {
            concat!("vbroadcastss zmm31, ", $at, "\nvfmadd231ps zmm", $i, ", zmm28, zmm31\n")
        };
    }
    macro_rules! multiply2 {
        ("next") => {
            "lea {t}, [{a} + 4 * {s}]\n"
        };
        ("then") => {
            "lea {t}, [{t} + 4 * {s}]\n"
        };
        ($at:literal $i:literal $j:literal) => {
            concat!(
                "vbroadcastss zmm31, ",
                $at,
                "\n",
                "vfmadd231ps zmm",
                $i,
                ", zmm28, zmm31\n",
                "vfmadd231ps zmm",
                $j,
                ", zmm29, zmm31\n",
            )
        };
    }
    macro_rules! load1 {
        ($base:literal) => {
            ""
        };
        ($at:literal $i:literal $j:literal) => {
            concat!("vmovups zmm", $i, ", [{t}]\nadd {t}, {q}\n")
        };
    }
    macro_rules! load2 {
        ($base:literal) => {
            ""
        };
        ($at:literal $i:literal $j:literal) => {
            concat!(
                "vmovups zmm",
                $i,
                ", [{t}]\n",
                "vmovups zmm",
                $j,
                ", [{t} + 64]\nadd {t}, {q}\n",
            )
        };
    }
    macro_rules! store1 {
        ($base:literal) => {
            ""
        };
        ($at:literal $i:literal $j:literal) => {
            concat!("vmovups [{t}], zmm", $i, "\nadd {t}, {q}\n")
        };
    }
    macro_rules! store2 {
        ($base:literal) => {
            ""
        };
        ($at:literal $i:literal $j:literal) => {
            concat!(
                "vmovups [{t}], zmm",
                $i,
                "\n",
                "vmovups [{t} + 64], zmm",
                $j,
                "\nadd {t}, {q}\n",
            )
        };
    }
    macro_rules! tile {
        ($rows:tt $load:ident $store:ident $multiply:ident $second:literal) => {
            asm!(
                "/* {s} {s3}: not every height has a use for them */",
                "test {accumulate:e}, {accumulate:e}",
                "jnz 3f",
                lines!(zero $rows),
                "jmp 4f",
                "3:",
                "mov {t}, {c}",
                lines!($load $rows),
                "4:",
                "test {n}, {n}",
                "jz 5f",
                "2:",
                "vmovups zmm28, [{b}]",
                $second,
                lines!($multiply $rows),
                "add {b}, {b_row}",
                "add {a}, {step}",
                "dec {n}",
                "jnz 2b",
                "5:",
                "mov {t}, {c}",
                lines!($store $rows),
                a = inout(reg) product.a => _,
                b = inout(reg) product.b => _,
                c = in(reg) product.c,
                n = inout(reg) product.depth => _,
                s = in(reg) product.a_row * 4,
                s3 = in(reg) product.a_row * 12,
                q = in(reg) product.c_row * 4,
                step = in(reg) product.a_step * 4,
                b_row = in(reg) product.b_row * 4,
                accumulate = in(reg) u32::from(product.accumulate),
                t = out(reg) _,
                out("zmm0") _, out("zmm1") _, out("zmm2") _, out("zmm3") _, out("zmm4") _,
                out("zmm5") _, out("zmm6") _, out("zmm7") _, out("zmm8") _, out("zmm9") _,
                out("zmm10") _, out("zmm11") _, out("zmm12") _, out("zmm13") _, out("zmm14") _,
                out("zmm15") _, out("zmm16") _, out("zmm17") _, out("zmm18") _, out("zmm19") _,
                out("zmm20") _, out("zmm21") _, out("zmm22") _, out("zmm23") _, out("zmm24") _,
                out("zmm25") _, out("zmm26") _, out("zmm27") _, out("zmm28") _, out("zmm29") _,
                out("zmm30") _, out("zmm31") _,
                options(nostack),
            )
        };
    }
    macro_rules! of {
        ($($rows:tt)*) => {
            match (vectors, rows) {
                $((1, $rows) => tile!($rows load1 store1 multiply1 ""),
                (2, $rows) => tile!($rows load2 store2 multiply2 "vmovups zmm29, [{b} + 64]"),)*
                _ => unreachable!("a tile has 1 to 14 rows and 1 or 2 vectors"),
            }
        };
    }
    // SAFETY: it reads `depth` times a vector or two of `b` and a number of each row of `a`, and
    // reads and writes a vector or two of each row of `c`, which are there by the contract.
    unsafe { of!(1 2 3 4 5 6 7 8 9 10 11 12 13 14) }
}
