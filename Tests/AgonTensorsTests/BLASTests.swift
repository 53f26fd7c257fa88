import AgonTensors
import AgonTestFiles
import CAgonKernels
import Foundation
import Testing

@Suite struct BLASTests {
    init() throws { try BLAS.open() }

    /// The product by plain loops in double precision.
    private func reference(
        _ a: [Float], _ transposeA: Bool, _ strideA: Int, _ b: [Float], _ transposeB: Bool, _ strideB: Int, m: Int,
        n: Int, k: Int
    ) -> [Double] {
        var c = [Double](repeating: 0, count: m * n)
        for i in 0..<m {
            for j in 0..<n {
                for l in 0..<k {
                    let left = transposeA ? a[l * strideA + i] : a[i * strideA + l]
                    let right = transposeB ? b[j * strideB + l] : b[l * strideB + j]
                    c[i * n + j] += Double(left) * Double(right)
                }
            }
        }
        return c
    }

    @Test(arguments: [(1, 1, 1), (7, 5, 3), (1, 33, 17), (64, 48, 129), (130, 70, 31)])
    func singlePrecisionProductInAllTransposes(m: Int, n: Int, k: Int) {
        var random = SplitMix64(seed: UInt64(m * 1000 + n))
        for (transposeA, transposeB) in [(false, false), (true, false), (false, true), (true, true)] {
            // Rows lie apart by more than their length: strides are not extents.
            let (strideA, strideB, strideC) = ((transposeA ? m : k) + 3, (transposeB ? k : n) + 2, n + 1)
            let a = (0..<(transposeA ? k : m) * strideA).map { _ in Float.random(in: -1...1, using: &random) }
            let b = (0..<(transposeB ? n : k) * strideB).map { _ in Float.random(in: -1...1, using: &random) }
            var c = [Float](repeating: 2, count: m * strideC)
            BLAS.sgemm(
                transposeA: transposeA, transposeB: transposeB, m: m, n: n, k: k, alpha: 0.5, a, strideA: strideA, b,
                strideB: strideB, beta: 3, &c, strideC: strideC)
            let expected = reference(a, transposeA, strideA, b, transposeB, strideB, m: m, n: n, k: k)
            // k products of magnitude at most 1, each rounded to 2⁻²⁴ of the running sum (at most k).
            let bound = Double(k + 8) * Double(k + 8) * 0x1p-24
            for i in 0..<m {
                for j in 0..<n {
                    let error = abs(Double(c[i * strideC + j]) - (0.5 * expected[i * n + j] + 6))
                    #expect(error <= bound, "\(m)x\(n)x\(k) at \(i), \(j), transposed \(transposeA) \(transposeB)")
                }
                #expect(c[i * strideC + n] == 2, "the gap after row \(i) was written")
            }
        }
    }

    @Test func betaZeroDoesNotReadTheTarget() {
        var c = [Float](repeating: .nan, count: 4)
        BLAS.sgemm(m: 2, n: 2, k: 2, [1, 2, 3, 4], strideA: 2, [5, 6, 7, 8], strideB: 2, &c, strideC: 2)
        #expect(c == [19, 22, 43, 50])
        var d = [Double](repeating: .nan, count: 4)
        BLAS.dgemm(
            transposeA: true, m: 2, n: 2, k: 2, [1, 2, 3, 4], strideA: 2, [5, 6, 7, 8], strideB: 2, &d, strideC: 2)
        #expect(d == [26, 30, 38, 44])
    }

    @Test func concurrentProductsAreTheSameBytes() {
        let (m, n, k) = (192, 160, 224)
        let a = RandomStream(seed: 1, purpose: "a").normal(count: m * k)
        let b = RandomStream(seed: 2, purpose: "b").normal(count: k * n)
        let product = { @Sendable () -> [Float] in
            var c = [Float](repeating: 0, count: m * n)
            BLAS.sgemm(m: m, n: n, k: k, a, strideA: k, b, strideB: n, &c, strideC: n)
            return c
        }
        let expected = product()
        let lock = NSLock()
        nonisolated(unsafe) var differing = 0
        nonisolated(unsafe) var done = 0
        runConcurrently(4) { _ in
            for _ in 0..<25 {
                let isEqual = product() == expected
                lock.withLock {
                    done += 1
                    if !isEqual { differing += 1 }
                }
            }
        }
        #expect(done == 100)
        #expect(differing == 0)
    }

    @Test func descriptionNamesTheLibrary() {
        let description = BLAS.description
        #expect(!description.library.isEmpty)
        #expect(description.hasLAPACK)
        if !description.configuration.isEmpty {
            #expect(description.version.split(separator: ".").count >= 2, "\(description.configuration)")
            #expect(!description.coreType.isEmpty)
            #expect(["pthreads", "openmp", "sequential"].contains(description.threading))
        }
    }

    #if os(Linux)
        /// The environment of the process as it was started.
        private func originalVariable(_ name: String) throws -> String? {
            let lines = try bytes(of: "/proc/self/environ").split(separator: 0)
            let prefix = Array((name + "=").utf8)
            return lines.first { $0.starts(with: prefix) }.map {
                String(decoding: $0.dropFirst(prefix.count), as: UTF8.self)
            }
        }

        @Test(arguments: ["OPENBLAS_CORETYPE", "OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "VECLIB_MAXIMUM_THREADS"])
        func openingLeavesTheEnvironmentAsItWas(name: String) throws {
            _ = BLAS.description
            #expect(try getenv(name).map { String(cString: $0) } == originalVariable(name))
        }
    #endif

    #if os(Linux) && arch(x86_64)
        /// Whether the core type can be chosen: OpenBLAS with kernels for many processors.
        static var isDynamic: Bool { BLAS.description.configuration.contains("DYNAMIC_ARCH") }

        @Test(.enabled(if: isDynamic, "this OpenBLAS has kernels for one processor"))
        func coreTypeFollowsTheFeatures() async {
            await #expect(processExitsWith: .success) {
                unsetenv("OPENBLAS_CORETYPE")
                let processor = Processor.current
                let description = BLAS.description
                if processor.hasAVX512 {
                    #expect(description.coreType == "SkylakeX")
                } else if processor.hasAVX2, processor.hasFMA {
                    #expect(["Haswell", "Zen"].contains(description.coreType))
                }
                #expect(description.isCoreTypeChosenByAgon == (processor.hasAVX2 && processor.hasFMA))
            }
        }

        @Test(.enabled(if: isDynamic, "this OpenBLAS has kernels for one processor"))
        func usersCoreTypeIsKept() async {
            await #expect(processExitsWith: .success) {
                setenv("OPENBLAS_CORETYPE", "Nehalem", 1)
                let description = BLAS.description
                #expect(description.coreType == "Nehalem")
                #expect(description.requestedCoreType == "Nehalem")
                #expect(!description.isCoreTypeChosenByAgon)
            }
        }
    #endif

    @Test func missingLibraryIsAnErrorWithARemedy() async {
        await #expect(processExitsWith: .success) {
            setenv("AGON_BLAS", "/nowhere/libblas.so", 1)
            let error = #expect(throws: TensorsError.self) { try BLAS.open() }
            #expect(error?.description.hasPrefix("AGON_BLAS: cannot open (/nowhere/libblas.so: ") == true)
            #expect(error?.description.hasSuffix("; unset it, or give a CBLAS library's path") == true)
            #expect(throws: TensorsError.self) { try LinearAlgebra.symmetricEigenvalues([1], n: 1) }
        }
    }

    #if os(Linux)
        @Test func libraryWithoutProductsIsAnError() async {
            await #expect(processExitsWith: .success) {
                setenv("AGON_BLAS", "libm.so.6", 1)
                #expect(
                    throws: TensorsError.blasUnavailable(
                        message: "libm.so.6: has no cblas_sgemm and cblas_dgemm; install it with "
                            + "`apt-get install libopenblas0-pthread liblapacke`, or set AGON_BLAS to a CBLAS library")
                ) { try BLAS.open() }
            }
        }
    #endif

    @Test func processorIsDescribed() {
        let processor = Processor.current
        #expect(processor.usableCores >= 1)
        #expect(processor.usableCores <= ProcessInfo.processInfo.processorCount)
        #if arch(x86_64)
            #expect(!processor.brand.isEmpty && processor.family > 0)
            #expect(!processor.hasAVX512 || processor.hasAVX2)
        #endif
        #if os(Linux) && arch(x86_64)
            // The kernel's own list, which leaves out what it does not enable.
            if let text = try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8),
                let line = text.split(separator: "\n").first(where: { $0.hasPrefix("flags") })
            {
                let flags = Set(line.split(separator: " ").map(String.init))
                #expect(processor.hasAVX2 == flags.contains("avx2"))
                #expect(processor.hasFMA == flags.contains("fma"))
                let needed: Set = ["avx512f", "avx512cd", "avx512dq", "avx512bw", "avx512vl"]
                #expect(processor.hasAVX512 == needed.isSubset(of: flags))
            }
        #endif
    }
}
