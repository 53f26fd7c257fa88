/// The versions of what computes.
public enum AgonVersion {
    public static let current = "0.1.0"

    /// The compiler that built this program; only whole versions can be told apart from within.
    public static var swift: String {
        #if compiler(>=6.4)
            "6.4 or newer"
        #elseif compiler(>=6.3)
            "6.3"
        #elseif compiler(>=6.2)
            "6.2"
        #elseif compiler(>=6.1)
            "6.1"
        #else
            "6.0"
        #endif
    }
}
