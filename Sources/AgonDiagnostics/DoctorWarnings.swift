import AgonText

/// What is off on a machine, each with what would help.
extension Diagnosis {
    /// OpenBLAS's kernels that use AVX2 and FMA, and of these the ones for AVX-512.
    private static let avx2Kernels: Set = ["haswell", "zen", "skylakex", "cooperlake", "sapphirerapids"]
    private static let avx512Kernels: Set = ["skylakex", "cooperlake", "sapphirerapids"]
    /// GFLOP/s of a core. Any core of the last ten years with fitting kernels is above; plain loops are below.
    private static let slowestCore = 8.0
    /// The least gain of several threads over one.
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
            problem: "OpenBLAS computes with its \(library.coreType) kernels, the processor has \(missing)",
            remedy: remedy)
    }

    private func ignoredRequest(of library: Library) -> Warning? {
        guard library.isCoreTypeSetByUser, !library.coreType.isEmpty,
            library.requestedCoreType.lowercased() != library.coreType.lowercased()
        else { return nil }
        return Warning(
            problem:
                "OPENBLAS_CORETYPE is '\(library.requestedCoreType)', but OpenBLAS computes with \(library.coreType)",
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
                    problem: "\(library.path) is not OpenBLAS and slow (\(rate) GFLOP/s on one thread)",
                    remedy: "apt-get install libopenblas0-pthread, and unset AGON_BLAS")
            }
            return Warning(
                problem: "one thread reaches only \(rate) GFLOP/s",
                remedy: "end other programs, look whether the processor is throttled or emulated, and run this again")
        }
        let perThread = speed.allThreads / Double(max(speed.threads, 1))
        guard perThread < Self.slowestCore else { return nil }
        return Warning(
            problem: "\(speed.threads) threads reach only \(Self.rate(perThread)) GFLOP/s each",
            remedy: "end other programs, or pass fewer --threads")
    }

    private func threads(of library: Library) -> Warning? {
        guard let speed, speed.threads > 1, speed.allThreads < Self.leastGain * speed.oneThread else { return nil }
        let gain = Self.rate(speed.allThreads / speed.oneThread)
        return Warning(
            problem: "\(speed.threads) threads together are \(gain) times as fast as one",
            remedy: library.threading == "openmp"
                ? "end other programs; if it stays, apt-get install libopenblas0-pthread (this is an OpenMP build)"
                : "end other programs, and run this again; if it stays, pass fewer --threads")
    }

    private var shortMemory: Warning? {
        guard let availableMemory, availableMemory < 1 << 30 else { return nil }
        return Warning(
            problem: "\(availableMemory >> 20) MiB of memory are available",
            remedy: "end other programs; `agon inspect CONFIG` shows what a run needs")
    }

    static func rate(_ value: Double) -> String { NumberText.fixed(value, decimals: 1) }
}
