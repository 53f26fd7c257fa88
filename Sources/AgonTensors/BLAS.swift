import CAgonKernels

/// The BLAS that Agon computes on, opened at run time: OpenBLAS, or the library that `AGON_BLAS` names.
///
/// Every product runs on the calling thread alone. Parallel work calls from several threads at once.
public enum BLAS {
    /// What was opened; strings are empty when unknown.
    public struct Description: Equatable, Sendable {
        /// The file that was opened.
        public let library: String
        /// OpenBLAS's own words about its build.
        public let configuration: String
        public let version: String
        /// The kernels in use, such as `SkylakeX`.
        public let coreType: String
        /// The kernels that Agon or `OPENBLAS_CORETYPE` asked for.
        public let requestedCoreType: String
        /// `pthreads`, `openmp`, `sequential` or `unknown`.
        public let threading: String
        public let isCoreTypeChosenByAgon: Bool
        public let hasLAPACK: Bool
    }

    /// Opens the library, once per process. Call it before other threads read the environment.
    ///
    /// - Throws: ``TensorsError/blasUnavailable(message:)``, which says what to install.
    public static func open() throws(TensorsError) {
        guard agon_blas_open() == 0 else {
            throw .blasUnavailable(message: String(cString: agon_blas_error()))
        }
    }

    /// What is open; opens it, and LAPACKE, first.
    public static var description: Description {
        let info = agon_blas_describe()
        return Description(
            library: String(cString: info.library), configuration: String(cString: info.configuration),
            version: String(cString: info.version), coreType: String(cString: info.core_type),
            requestedCoreType: String(cString: info.requested_core_type), threading: String(cString: info.threading),
            isCoreTypeChosenByAgon: info.core_type_chosen_by_agon, hasLAPACK: info.has_lapack)
    }

    /// `C = alpha * op(A) op(B) + beta * C`, row-major; op(A) is m x k, op(B) is k x n, op transposes when asked.
    ///
    /// Strides are the distances between rows in elements. With `beta` 0 what stood in `C` is not read.
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
