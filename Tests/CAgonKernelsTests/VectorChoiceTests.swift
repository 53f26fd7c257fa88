import CAgonKernels
import Testing

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// `AGON_VECTOR` is read once a process, so each wish has one of its own.
@Suite struct VectorChoiceTests {
    @Test func portable() async {
        await #expect(processExitsWith: .success) {
            setenv("AGON_VECTOR", "portable", 1)
            exit(String(cString: agon_vector().pointee.name) == "portable" ? 0 : 1)
        }
    }

    #if arch(x86_64)
        @Test(.enabled(if: Kernels.available.contains("avx2"), "the processor has no AVX2")) func avx2() async {
            await #expect(processExitsWith: .success) {
                setenv("AGON_VECTOR", "avx2", 1)
                exit(String(cString: agon_vector().pointee.name) == "avx2" ? 0 : 1)
            }
        }

        /// A wish the processor cannot grant falls to the best it has.
        @Test func avx512() async {
            await #expect(processExitsWith: .success) {
                setenv("AGON_VECTOR", "avx512", 1)
                exit(String(cString: agon_vector().pointee.name) == Kernels.available.last ? 0 : 1)
            }
        }
    #endif

    @Test func withoutAWishTheBest() async {
        await #expect(processExitsWith: .success) {
            unsetenv("AGON_VECTOR")
            #if arch(x86_64)
                exit(String(cString: agon_vector().pointee.name) == Kernels.available.last ? 0 : 1)
            #else
                exit(String(cString: agon_vector().pointee.name) == "portable" ? 0 : 1)
            #endif
        }
    }

    @Test func theChoiceIsMadeOnce() async {
        await #expect(processExitsWith: .success) {
            setenv("AGON_VECTOR", "portable", 1)
            let first = agon_vector()
            unsetenv("AGON_VECTOR")
            exit(agon_vector() == first ? 0 : 1)
        }
    }
}
