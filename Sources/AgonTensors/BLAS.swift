import CAgonKernels

/// The BLAS that Agon uses, loaded at run time: OpenBLAS, or the library that `AGON_BLAS` names.
///
/// Every product runs on the calling thread only. Parallel work calls from several threads at once.
public enum BLAS {
    /// The loaded library; strings are empty if unknown.
    public struct Description: Equatable, Sendable {
        /// The loaded file.
        public let library: String
        /// OpenBLAS's description of its build.
        public let configuration: String
        public let version: String
        /// The kernels in use, such as `SkylakeX`.
        public let coreType: String
        /// The kernels that Agon or `OPENBLAS_CORETYPE` requested.
        public let requestedCoreType: String
        /// `pthreads`, `openmp`, `sequential` or `unknown`.
        public let threading: String
        public let isCoreTypeChosenByAgon: Bool
        public let hasLAPACK: Bool
    }

    /// Loads the library, once per process. Call it before other threads read the environment.
    ///
    /// - Throws: ``TensorsError/blasUnavailable(message:)``, which says what to install.
    public static func open() throws(TensorsError) {
        guard agon_blas_open() == 0 else {
            throw .blasUnavailable(message: String(cString: agon_blas_error()))
        }
    }

    /// Makes the library allocate its buffers for this many concurrent callers. It would otherwise do so in their first
    /// products, retrying forever if there is no memory. Ends the process in that case (``MemoryShortage``).
    public static func reserveMemory(callers: Int) {
        let missing = agon_blas_reserve(Int32(callers))
        if missing > 0 {
            MemoryShortage.end(wanting: "\(missing >> 20) MB of address space for BLAS on \(callers) threads")
        }
    }

    /// The loaded library; loads it and LAPACKE first if needed.
    public static var description: Description {
        let info = agon_blas_describe()
        return Description(
            library: String(cString: info.library), configuration: String(cString: info.configuration),
            version: String(cString: info.version), coreType: String(cString: info.core_type),
            requestedCoreType: String(cString: info.requested_core_type), threading: String(cString: info.threading),
            isCoreTypeChosenByAgon: info.core_type_chosen_by_agon, hasLAPACK: info.has_lapack)
    }

    /// `C = alpha * op(A) op(B) + beta * C`, row-major; op(A) is m x k, op(B) is k x n, op transposes on request.
    ///
    /// Strides are the distances between rows in elements. With `beta` 0, `C` is not read.
    public static func sgemm(
        transposeA: Bool = false, transposeB: Bool = false, m: Int, n: Int, k: Int, alpha: Float = 1,
        _ a: UnsafePointer<Float>, strideA: Int, _ b: UnsafePointer<Float>, strideB: Int, beta: Float = 0,
        _ c: UnsafeMutablePointer<Float>, strideC: Int
    ) {
        agon_sgemm(
            transposeA, transposeB, Int32(m), Int32(n), Int32(k), alpha, a, Int32(strideA), b, Int32(strideB), beta, c,
            Int32(strideC))
    }

    /// The same in double precision.
    public static func dgemm(
        transposeA: Bool = false, transposeB: Bool = false, m: Int, n: Int, k: Int, alpha: Double = 1,
        _ a: UnsafePointer<Double>, strideA: Int, _ b: UnsafePointer<Double>, strideB: Int, beta: Double = 0,
        _ c: UnsafeMutablePointer<Double>, strideC: Int
    ) {
        agon_dgemm(
            transposeA, transposeB, Int32(m), Int32(n), Int32(k), alpha, a, Int32(strideA), b, Int32(strideB), beta, c,
            Int32(strideC))
    }
}
