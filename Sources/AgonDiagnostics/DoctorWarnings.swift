import AgonText

/// Problems of a machine, each with a remedy.
extension Diagnosis {
    /// OpenBLAS's kernels that use AVX2 and FMA, and those among them for AVX-512.
    private static let avx2Kernels: Set = ["haswell", "zen", "skylakex", "cooperlake", "sapphirerapids"]
    private static let avx512Kernels: Set = ["skylakex", "cooperlake", "sapphirerapids"]
    /// GFLOP/s of a core. Any core of the last ten years exceeds it with suitable kernels; plain loops do not.
    private static let slowestCore = 8.0
    /// The minimum speedup of several threads over one.
    private static let leastGain = 1.5

    public var warnings: [Warning] {
        guard let library else {
            let parts = (libraryError ?? "BLAS: none").split(separator: "; ", maxSplits: 1).map(String.init)
            return [Warning(problem: parts[0], remedy: parts.count > 1 ? parts[1] : "see README, Installation")]
        }
        let found = [
            kernels(of: library), ignoredRequest(of: library), lapack(of: library), slowness(of: library),
            threads(of: library), shortMemory,
        ]
        return found.compactMap { $0 }
    }

    /// Kernels older than the processor.
    private func kernels(of library: Library) -> Warning? {
        let core = library.coreType.lowercased()
        guard !core.isEmpty else { return nil }
        let missing: String
        if processor.hasAVX2, processor.hasFMA, !Self.avx2Kernels.contains(core) {
            missing = processor.hasAVX512 ? "AVX-512" : "AVX2"
        } else if processor.hasAVX512, processor.vendor == "GenuineIntel", !Self.avx512Kernels.contains(core) {
            missing = "AVX-512"
        } else {
            return nil
        }
        let remedy =
            library.isCoreTypeSetByUser
            ? "unset OPENBLAS_CORETYPE and let Agon choose"
            : "use an OpenBLAS with kernels for all processors (DYNAMIC_ARCH), such as Debian's libopenblas0-pthread; "
                + "AGON_BLAS can name its file"
        return Warning(
            problem: "OpenBLAS uses its \(library.coreType) kernels, but the processor has \(missing)",
            remedy: remedy)
    }

    private func ignoredRequest(of library: Library) -> Warning? {
        guard library.isCoreTypeSetByUser, !library.coreType.isEmpty,
            library.requestedCoreType.lowercased() != library.coreType.lowercased()
        else { return nil }
        return Warning(
            problem:
                "OPENBLAS_CORETYPE is '\(library.requestedCoreType)', but OpenBLAS uses \(library.coreType)",
            remedy: "unset OPENBLAS_CORETYPE, or set it to a name that OpenBLAS knows, such as Haswell or SkylakeX")
    }

    private func lapack(of library: Library) -> Warning? {
        guard !library.hasLAPACK else { return nil }
        return Warning(
            problem: "LAPACKE is missing: orthogonal initialisation and FID will not work",
            remedy: "apt-get install liblapacke")
    }

    private func slowness(of library: Library) -> Warning? {
        guard let speed else { return nil }
        if speed.oneThread < Self.slowestCore {
            let rate = Self.rate(speed.oneThread)
            if library.version.isEmpty {
                return Warning(
                    problem: "\(library.path) is not OpenBLAS and is slow (\(rate) GFLOP/s on one thread)",
                    remedy: "apt-get install libopenblas0-pthread, and unset AGON_BLAS")
            }
            return Warning(
                problem: "one thread reaches only \(rate) GFLOP/s",
                remedy: "stop other programs, check whether the processor is throttled or emulated, and run this again")
        }
        let perThread = speed.allThreads / Double(max(speed.threads, 1))
        guard perThread < Self.slowestCore else { return nil }
        return Warning(
            problem: "\(speed.threads) threads reach only \(Self.rate(perThread)) GFLOP/s each",
            remedy: "stop other programs, or pass fewer --threads")
    }

    private func threads(of library: Library) -> Warning? {
        guard let speed, speed.threads > 1, speed.allThreads < Self.leastGain * speed.oneThread else { return nil }
        let gain = Self.rate(speed.allThreads / speed.oneThread)
        return Warning(
            problem: "\(speed.threads) threads together are \(gain) times as fast as one",
            remedy: library.threading == "openmp"
                ? "stop other programs; if it persists, apt-get install libopenblas0-pthread (this is an OpenMP build)"
                : "stop other programs and run this again; if it persists, pass fewer --threads")
    }

    private var shortMemory: Warning? {
        guard let availableMemory, availableMemory < 1 << 30 else { return nil }
        return Warning(
            problem: "\(availableMemory >> 20) MiB of memory are available",
            remedy: "stop other programs; this shows what a run needs: \(CommandText.agon("inspect CONFIG"))")
    }

    static func rate(_ value: Double) -> String { NumberText.fixed(value, decimals: 1) }
}
