/* getpid of the 32-bit table (20) by int 0x80 from a 64-bit program. */
int main(void)
{
	int answer;

	__asm__ volatile("int $0x80" : "=a"(answer) : "0"(20) : "memory");
	return answer <= 0;
}
