import AgonTensors
import Foundation

/// This machine's compute setup and speed, as `agon doctor` shows them.
public struct Diagnosis: Equatable, Sendable {
    /// The loaded BLAS.
    public struct Library: Equatable, Sendable {
        public var path: String
        public var version: String
        public var configuration: String
        public var coreType: String
        public var requestedCoreType: String
        public var isCoreTypeChosenByAgon: Bool
        /// Whether `OPENBLAS_CORETYPE` was set when Agon was started.
        public var isCoreTypeSetByUser: Bool
        public var threading: String
        public var hasLAPACK: Bool
    }

    /// GFLOP/s of single-precision matrix products 1024 x 512 x 512.
    public struct Speed: Equatable, Sendable {
        public var oneThread: Double
        /// Of all threads together, each computing its own products concurrently.
        public var allThreads: Double
        public var threads: Int
    }

    /// A detected problem.
    public struct Warning: Equatable, Sendable {
        public let problem: String
        public let remedy: String
    }

    public var processor: Processor
    /// Nil if none could be loaded.
    public var library: Library?
    /// Why no library was loaded, with a remedy.
    public var libraryError: String?
    /// Nil without a library.
    public var speed: Speed?
    /// Bytes; nil if the system does not report it.
    public var totalMemory: Int?
    public var availableMemory: Int?
}

/// Looks at processor, BLAS and memory, and measures.
public enum Doctor {
    /// - Parameters:
    ///   - threads: the threads of the second measurement; all usable cores if nil.
    ///   - seconds: the duration of each of the two measurements.
    public static func examine(threads: Int? = nil, seconds: Double = 0.3) -> Diagnosis {
        var diagnosis = Diagnosis(processor: .current)
        (diagnosis.totalMemory, diagnosis.availableMemory) = memory()
        do throws(TensorsError) {
            try BLAS.open()
        } catch {
            diagnosis.libraryError = error.description
            return diagnosis
        }
        let blas = BLAS.description
        let usersCoreType = ProcessInfo.processInfo.environment["OPENBLAS_CORETYPE"] ?? ""
        diagnosis.library = Diagnosis.Library(
            path: blas.library, version: blas.version, configuration: blas.configuration, coreType: blas.coreType,
            requestedCoreType: blas.requestedCoreType, isCoreTypeChosenByAgon: blas.isCoreTypeChosenByAgon,
            isCoreTypeSetByUser: !usersCoreType.isEmpty, threading: blas.threading, hasLAPACK: blas.hasLAPACK)
        let threads = threads ?? diagnosis.processor.usableCores
        let one = productRate(threads: 1, seconds: seconds)
        let all = threads > 1 ? productRate(threads: threads, seconds: seconds) : one
        diagnosis.speed = Diagnosis.Speed(oneThread: one, allThreads: all, threads: threads)
        return diagnosis
    }

    /// GFLOP/s of all threads together over the same period.
    private static func productRate(threads: Int, seconds: Double) -> Double {
        let (m, n, k) = (1024, 512, 512)
        let clock = ContinuousClock()
        var rates = [Double](repeating: 0, count: threads)
        rates.withUnsafeMutableBufferPointer { rates in
            nonisolated(unsafe) let rates = rates  // each thread writes its own
            // Threads start, fill their matrices and compute one product before the common start.
            let start = clock.now.advanced(by: .milliseconds(40))
            runConcurrently(threads) { thread in
                let a = [Float](repeating: 0.5, count: m * k)
                let b = [Float](repeating: 0.25, count: k * n)
                var c = [Float](repeating: 0, count: m * n)
                repeat {
                    BLAS.sgemm(m: m, n: n, k: k, a, strideA: k, b, strideB: n, &c, strideC: n)
                } while clock.now < start
                let begin = clock.now
                let end = start.advanced(by: .seconds(seconds))
                var products = 0
                repeat {
                    BLAS.sgemm(m: m, n: n, k: k, a, strideA: k, b, strideB: n, &c, strideC: n)
                    products += 1
                } while clock.now < end
                let elapsed = begin.duration(to: clock.now) / .seconds(1)
                rates[thread] = 2 * Double(m * n * k) * Double(products) / elapsed / 1e9
            }
        }
        return rates.reduce(0, +)
    }

    /// Total and available bytes.
    private static func memory() -> (total: Int?, available: Int?) {
        let total = Int(exactly: ProcessInfo.processInfo.physicalMemory)
        var available: Int?
        if let text = try? String(contentsOfFile: "/proc/meminfo", encoding: .utf8) {
            // "MemAvailable:   22334455 kB"
            let line = text.split(separator: "\n").first { $0.hasPrefix("MemAvailable:") }
            available = line?.split(separator: " ").dropFirst().first.flatMap { Int($0) }.map { $0 * 1024 }
        }
        return (total, available)
    }
}
